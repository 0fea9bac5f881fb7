import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { loadScenarios } from './registry.ts';

const summary = (id: string) => ({
  scenario_id: id,
  kind: 'conversation',
  version: 1,
  title: { fr: 'T', en: 'T' },
  description: { fr: 'D', en: 'D' },
  languages: ['fr'],
});

function folder(files: Readonly<Record<string, object>>): URL {
  const directory = mkdtempSync(join(tmpdir(), 'scenarios-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  for (const [id, content] of Object.entries(files)) {
    mkdirSync(join(directory, id));
    writeFileSync(join(directory, id, 'scenario.ts'), `export default ${JSON.stringify(content)};`);
  }
  return pathToFileURL(`${directory}/`);
}

test('every folder beside the registry is a scenario, and each one speaks every language it claims', async () => {
  const scenarios = await loadScenarios();
  expect([...scenarios.keys()]).toContain('coaching_vocal');
  for (const scenario of scenarios.values()) {
    for (const language of scenario.summary.languages) {
      expect(scenario.prompt(language).length).toBeGreaterThan(100);
      expect(Object.values(scenario.phrases[language]).every((phrase) => phrase.length > 5)).toBe(true);
    }
  }
});

test('a new scenario is a new folder and nothing else', async () => {
  const scenarios = await loadScenarios(folder({ one: { summary: summary('one') }, two: { summary: summary('two') } }));
  expect([...scenarios.keys()]).toEqual(['one', 'two']);
});

test('a folder without a usable scenario stops the start', async () => {
  await expect(loadScenarios(folder({ one: {} }))).rejects.toThrow('scenarios/one/scenario.ts');
  await expect(loadScenarios(folder({ one: { summary: summary('two') } }))).rejects.toThrow('calls itself two');
});
