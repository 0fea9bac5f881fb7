import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writePrivate } from './secrets.mjs';

/**
 * Writes the configuration of a Grafana that is on this machine, with our dashboards as code.
 * @param {import("./paths.mjs").Paths} paths
 * @param {import("./plan.mjs").Plan} plan
 * @returns {string} the file
 */
export function writeGrafanaConfig(paths, { ports, secrets }) {
  const folder = join(paths.state, 'grafana');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'grafana.ini');
  writePrivate(
    file,
    [
      '[paths]',
      `data = ${folder}`,
      `provisioning = ${join(paths.root, 'infra', 'grafana', 'provisioning')}`,
      '[server]',
      'http_addr = 127.0.0.1',
      `http_port = ${ports.grafana}`,
      '[security]',
      `admin_password = ${secrets.GRAFANA_PASSWORD}`,
      '[analytics]',
      'reporting_enabled = false',
      'check_for_updates = false',
      '',
    ].join('\n'),
  );
  return file;
}
