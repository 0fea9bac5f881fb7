import { readFileSync } from 'node:fs';
import { metrics } from '@eloquence/shared/contracts/metrics';
import { expect, test } from 'vitest';
import { queriesOf, voiceDashboard } from './voice-dashboard.ts';

const dashboard = voiceDashboard();
const rules = readFileSync(new URL('../../prometheus/rules.yml', import.meta.url), 'utf8');
const namesIn = (text: string) => new Set(text.match(/\beloquence_[a-z_]+/g) ?? []);
const base = (name: string) => name.replace(/_(bucket|count|sum)$/, '');

test('the provisioned file is what the code generates', () => {
  const provisioned: unknown = JSON.parse(readFileSync(new URL('../dashboards/voice.json', import.meta.url), 'utf8'));
  expect(provisioned).toEqual(JSON.parse(JSON.stringify(dashboard)));
});

test('every panel has a title, a description, a unit and a query', () => {
  const panels = (dashboard.panels ?? []).filter((panel) => panel.type !== 'row');
  expect(panels.length).toBeGreaterThan(15);
  for (const panel of panels) {
    const { title, description, targets } = panel as { title?: string; description?: string; targets?: unknown[] };
    expect(title).toBeTruthy();
    expect(description).toBeTruthy();
    expect(targets?.length).toBeGreaterThan(0);
  }
});

test('panels do not overlap and stay within the 24 columns of the grid', () => {
  const taken = new Set<string>();
  for (const panel of dashboard.panels ?? []) {
    const { gridPos } = panel as { gridPos?: { x: number; y: number; w: number; h: number } };
    if (!gridPos) throw new Error('a panel has no position');
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
        expect(taken.has(`${x},${y}`)).toBe(false);
        taken.add(`${x},${y}`);
      }
    }
  }
});

test('dashboard and alerts name only metrics of the list', () => {
  const used = [...namesIn(rules), ...queriesOf(dashboard).flatMap(({ expr }) => [...namesIn(expr)])];
  const unknown = used.filter(
    (name) => !(base(name) in metrics) && !(name in metrics) && !name.startsWith('eloquence_whisper_'),
  );
  expect(unknown).toEqual([]);
});
