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
  expect([...scenarios.keys()]).toEqual(expect.arrayContaining(['coaching_vocal', 'meeting']));
  expect(scenarios.get('meeting')?.kind).toBe('meeting');
  for (const scenario of scenarios.values()) {
    if (scenario.kind !== 'conversation') continue;
    for (const language of scenario.summary.languages) {
      expect(scenario.prompt(language).length).toBeGreaterThan(100);
      expect(Object.values(scenario.phrases[language]).every((phrase) => phrase.length > 5)).toBe(true);
    }
  }
});

test('a new scenario is a new folder and nothing else', async () => {
  const one = { kind: 'conversation', summary: summary('one') };
  const two = { kind: 'meeting', summary: { ...summary('two'), kind: 'meeting' } };
  const scenarios = await loadScenarios(folder({ one, two }));
  expect([...scenarios.keys()]).toEqual(['one', 'two']);
});

test('a folder without a usable scenario stops the start', async () => {
  await expect(loadScenarios(folder({ one: {} }))).rejects.toThrow('scenarios/one/scenario.ts');
  const wrongName = { kind: 'conversation', summary: summary('two') };
  await expect(loadScenarios(folder({ one: wrongName }))).rejects.toThrow('calls itself two');
  const wrongKind = { kind: 'meeting', summary: summary('one') };
  await expect(loadScenarios(folder({ one: wrongKind }))).rejects.toThrow('is of two kinds');
});
