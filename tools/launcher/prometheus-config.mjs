import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writePrivate } from './secrets.mjs';

/**
 * @typedef {{name: string, port: number, auth?: {username: string, password: string}}} Target
 */

/**
 * @param {import("./paths.mjs").Paths} paths
 * @param {readonly Target[]} targets Everything that answers GET /metrics.
 * @returns {{file: string, data: string}}
 */
export function writePrometheusConfig(paths, targets) {
  const folder = join(paths.state, 'prometheus');
  const data = join(folder, 'data');
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const rules = join(paths.root, 'infra', 'prometheus', 'rules.yml');
  const file = join(folder, 'prometheus.yml');
  // JSON is YAML.
  writePrivate(file, `${JSON.stringify(prometheusConfig(targets, existsSync(rules) ? [rules] : []), null, 2)}\n`);
  return { file, data };
}

/**
 * @param {readonly Target[]} targets
 * @param {readonly string[]} rules
 */
export function prometheusConfig(targets, rules) {
  return {
    global: { scrape_interval: '5s', evaluation_interval: '15s' },
    rule_files: rules,
    scrape_configs: targets.map(({ name, port, auth }) => ({
      job_name: name,
      static_configs: [{ targets: [`127.0.0.1:${port}`] }],
      ...(auth === undefined ? {} : { basic_auth: auth }),
    })),
  };
}
