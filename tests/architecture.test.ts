import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { metrics } from '../packages/shared/src/contracts/metrics.ts';

const root = join(import.meta.dirname, '..');
const NOT_OURS = ['node_modules', 'dist', '.eloquence', 'demo-model', '.turbo', 'coverage'];

const skip = (path: string): boolean => NOT_OURS.some((name) => path.split('/').includes(name));

/** Paths from the repository's root of files that match a pattern. */
function filesOf(pattern: string): string[] {
  return globSync(pattern, { cwd: root, exclude: skip }).filter((path) => !skip(path));
}

const read = (path: string): string => readFileSync(join(root, path), 'utf8');

interface Source {
  readonly path: string;
  /** Without comments and with strings emptied: what is code. */
  readonly code: string;
  readonly imports: readonly { readonly from: string; readonly typeOnly: boolean }[];
  readonly isTest: boolean;
}

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s+(type\s)?(?:[\w*{}\s,$]+?\sfrom\s+)?'([^'\n]+)'|\bimport\('([^'\n]+)'\)/g;

function parse(path: string): Source {
  const text = read(path);
  const imports = [...text.matchAll(IMPORT)].map(([, type, from, lazy]) => ({
    from: from ?? lazy ?? '',
    typeOnly: type !== undefined,
  }));
  const code = text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(['"])(?:\\.|(?!\1)[^\\\n])*\1/g, "''")
    .replace(/`(?:\\.|[^`\\])*`/g, '``')
    .replace(/\/\/.*$/gm, '');
  return {
    path,
    code,
    imports,
    isTest: /\.(test|integration\.test|e2e\.test)\.tsx?$|\/(test-support|testing)\//.test(path),
  };
}

const sources = filesOf('{packages,services,apps,tests}/**/*.{ts,tsx}').map(parse);
const inside = (folder: string) => sources.filter((source) => source.path.startsWith(`${folder}/`));
const product = (folder: string) => inside(folder).filter((source) => !source.isTest);
const services = filesOf('services/*/package.json').map((path) => dirname(path));
const workspaces = [...services, ...filesOf('{packages,apps}/*/package.json').map((path) => dirname(path))];

/** A relative import as a path from the repository's root; undefined for packages. */
const target = (source: Source, from: string): string | undefined =>
  from.startsWith('.') ? normalize(join(dirname(source.path), from)) : undefined;

/** Imports that break a rule, as "file -> import". */
function breaking(
  list: readonly Source[],
  allowed: (from: string, source: Source, typeOnly: boolean) => boolean,
): string[] {
  return list.flatMap((source) =>
    source.imports
      .filter(({ from, typeOnly }) => !allowed(from, source, typeOnly))
      .map(({ from }) => `${source.path} -> ${from}`),
  );
}

test('the test sees the code it judges', () => {
  expect(services.length).toBeGreaterThanOrEqual(5);
  expect(inside('packages/shared').length).toBeGreaterThan(20);
  expect(product('packages/shared').flatMap((source) => source.imports).length).toBeGreaterThan(30);
});

const contracts = 'packages/shared/src/contracts';
const runtime = 'packages/shared/src/runtime';

/** Which imports each layer may have: contracts <- runtime <- services <- tests. */
const may = {
  contracts: (from: string, source: Source) => from === 'zod' || target(source, from)?.startsWith(contracts) === true,
  runtime: (from: string, source: Source) => {
    const path = target(source, from);
    return path === undefined
      ? !from.startsWith('@eloquence/')
      : path.startsWith(contracts) || path.startsWith(runtime);
  },
  service: (from: string, source: Source) => {
    const path = target(source, from);
    if (path !== undefined) return path.startsWith(`${source.path.split('/', 2).join('/')}/`);
    if (from.startsWith('@eloquence/testkit/')) return source.isTest;
    return !from.startsWith('@eloquence/') || /^@eloquence\/shared\/(contracts|runtime)\//.test(from);
  },
  /** As a service: the command runs on a person's machine, with contracts and runtime only. */
  cli: (from: string, source: Source) => may.service(from, source),
  web: (from: string, source: Source, typeOnly: boolean) => {
    const path = target(source, from);
    if (path !== undefined) return path.startsWith('apps/web/');
    return !from.startsWith('@eloquence/') || (from.startsWith('@eloquence/shared/contracts/') && typeOnly);
  },
  testkit: (from: string, source: Source) => {
    const path = target(source, from);
    return path === undefined ? !/^@eloquence\/(?!shared\/)/.test(from) : path.startsWith('packages/testkit/');
  },
};

/** A file of one import. */
function importing(path: string, from: string): Source {
  return { path, code: '', imports: [{ from, typeOnly: false }], isTest: false };
}

describe('layers', () => {
  test('contracts import zod and contracts, nothing else', () => {
    expect(breaking(product(contracts), may.contracts)).toEqual([]);
  });

  test('runtime imports packages, contracts and runtime, nothing of a service', () => {
    expect(breaking(product(runtime), may.runtime)).toEqual([]);
  });

  test.each(services)('%s imports itself and packages/shared, and no other service', (service) => {
    expect(breaking(inside(service), may.service)).toEqual([]);
  });

  test('the eloquence command imports itself and packages/shared, and no service', () => {
    expect(product('apps/cli').length).toBeGreaterThan(20);
    expect(breaking(inside('apps/cli'), may.cli)).toEqual([]);
  });

  test('the web client imports types of contracts, and nothing else of ours', () => {
    expect(breaking(product('apps/web'), may.web)).toEqual([]);
  });

  test('the testkit imports packages/shared and no service', () => {
    expect(breaking(inside('packages/testkit'), may.testkit)).toEqual([]);
  });

  test('nothing but tests and the testkit uses the testkit', () => {
    const users = sources.filter((source) => !source.isTest && !/^(packages\/testkit|tests)\//.test(source.path));
    expect(breaking(users, (from) => !from.startsWith('@eloquence/testkit'))).toEqual([]);
  });

  test('the rules do refuse what they are for', () => {
    const bad = [
      breaking([importing(`${contracts}/x.ts`, 'node:fs')], may.contracts),
      breaking([importing(`${contracts}/x.ts`, '../runtime/errors.ts')], may.contracts),
      breaking([importing(`${runtime}/x.ts`, '../../../../services/agent/src/app.ts')], may.runtime),
      breaking([importing('services/agent/src/x.ts', '../../tts-proxy/src/app.ts')], may.service),
      breaking([importing('services/agent/src/x.ts', '@eloquence/tts-proxy/app')], may.service),
      breaking([importing('services/agent/src/x.ts', '@eloquence/testkit/caller')], may.service),
      breaking([importing('apps/cli/src/x.ts', '../../../services/agent/src/app.ts')], may.cli),
      breaking([importing('apps/cli/src/x.ts', '@eloquence/testkit/caller')], may.cli),
      breaking([importing('apps/web/src/x.ts', '@eloquence/shared/contracts/sessions')], may.web),
      breaking([importing('packages/testkit/src/x.ts', '@eloquence/agent/app')], may.testkit),
    ];
    expect(bad.filter((list) => list.length === 0)).toEqual([]);
    const text = `import a from 'x';\nimport type { B } from './b.ts';\nexport * from './c.ts';\nimport 'd';\nawait import('e');`;
    expect([...text.matchAll(IMPORT)].map(([, , from, lazy]) => from ?? lazy)).toEqual([
      'x',
      './b.ts',
      './c.ts',
      'd',
      'e',
    ]);
  });
});

describe('the environment', () => {
  const readers = /(^|\/)(config|main)\.ts$|\/packages\/shared\/src\/runtime\/config\.ts$/;
  /** Test tools: hand the environment on to children, set what a library reads when loaded, name a folder of specifications. */
  const others = [
    'packages/testkit/src/processes.ts',
    'packages/testkit/src/pulse-server.ts',
    'packages/testkit/src/call.ts',
    'packages/testkit/src/spec-validator.ts',
  ];

  test('is read in config.ts and main.ts, nowhere else', () => {
    const candidates = sources.filter((source) => !source.isTest && !source.path.startsWith('tests/'));
    const reading = candidates.filter((source) => source.code.includes('process.env')).map((source) => source.path);
    expect(reading.filter((path) => !readers.test(path) && !others.includes(path))).toEqual([]);
  });
});

describe('size and shape', () => {
  test('no file has more than 500 lines', () => {
    const files = filesOf('{packages,services,apps,tests,tools,bench,infra}/**/*.{ts,tsx,mjs,js,py,css,sh}');
    const long = files
      .map((path) => ({ path, lines: read(path).split('\n').length - 1 }))
      .filter(({ lines }) => lines > 500);
    expect(long).toEqual([]);
  });

  const any = /(?::|\bas|<|\||&|=>|=|extends|satisfies|,)\s*any\b(?!\s*[:(.])|\bany\[\]/;
  test('`any` is written nowhere', () => {
    expect(sources.filter((source) => any.test(source.code)).map((source) => source.path)).toEqual([]);
    const written = ['let x: any;', 'x as any', 'f<any>()', 'any[]', 'Record<string, any>', 'type X = any;'];
    expect(written.filter((code) => !any.test(code))).toEqual([]);
    expect(any.test('anything: string; const any = 1; x.any()')).toBe(false);
  });

  test('modules are not mocked: fakes are real servers, clocks and streams', () => {
    const mocking = sources.filter((source) => /\bvi\s*\.\s*(mock|doMock|hoisted)\s*\(/.test(source.code));
    expect(mocking.map((source) => source.path)).toEqual([]);
  });

  test('syntax that type stripping cannot run is not used', () => {
    const unstrippable = /^\s*(?:export\s+)?(?:const\s+)?enum\s|^\s*(?:export\s+)?namespace\s+\w/m;
    expect(sources.filter((source) => unstrippable.test(source.code)).map((source) => source.path)).toEqual([]);
  });

  test('file names are kebab-case', () => {
    const odd = sources.filter((source) => !/\/[a-z0-9]+([-.][a-z0-9]+)*\.tsx?$/.test(source.path));
    expect(odd.map((source) => source.path)).toEqual([]);
  });

  test.each(services)('%s has config, app and main', (service) => {
    const trio = ['config.ts', 'app.ts', 'main.ts'].filter((name) => !existsSync(join(root, service, 'src', name)));
    expect(trio).toEqual([]);
  });

  test.each(workspaces)('%s is typechecked and tagged', (workspace) => {
    const manifest = JSON.parse(read(`${workspace}/package.json`)) as {
      scripts?: Record<string, string>;
      license?: string;
    };
    expect(manifest.scripts?.['typecheck']).toBeDefined();
    expect(existsSync(join(root, workspace, 'turbo.json'))).toBe(true);
  });
});

describe('metrics', () => {
  const known = new Set(Object.keys(metrics));
  const baseName = (name: string) => (known.has(name) ? name : name.replace(/_(bucket|sum|count)$/, ''));

  test.each([
    ['services and packages', '{services,packages}/*/src/**/*.{ts,tsx}'],
    ['dashboards, alerts and their tests', '{infra,tests}/**/*.{json,yml,yaml,ts}'],
  ])('%s use only names of the list', (_what, pattern) => {
    const unknown = filesOf(pattern).flatMap((path) =>
      [...read(path).matchAll(/\beloquence_[a-z0-9_]+[a-z0-9]\b/g)]
        .map(([name]) => name)
        .filter((name) => !name.startsWith('eloquence_whisper_') && !known.has(baseName(name)))
        .map((name) => `${relative(root, join(root, path))}: ${name}`),
    );
    expect(unknown).toEqual([]);
  });

  test('every metric of the list is used by a service', () => {
    const code = [...product('services'), ...product('packages/shared/src/runtime')]
      .map((source) => read(source.path))
      .join('\n');
    expect([...known].filter((name) => !code.includes(`'${name}'`))).toEqual([]);
  });
});
