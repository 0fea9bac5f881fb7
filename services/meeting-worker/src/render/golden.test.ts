import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { createRenderer } from './create-renderer.ts';
import { reportFixture } from './test-support/report-fixture.ts';

const renderer = createRenderer();
const golden = path.join(import.meta.dirname, 'test-support', 'golden');
const { signal } = new AbortController();

describe.each(['fr', 'en'] as const)('the small report in %s', (language) => {
  test.each(['md', 'html', 'srt', 'vtt'] as const)('is byte for byte the golden %s', async (format) => {
    const bytes = await renderer.render(reportFixture(language), format, signal);
    await expect(new TextDecoder().decode(bytes)).toMatchFileSnapshot(
      path.join(golden, `report.${language}.${format}.golden`),
    );
  });

  test('is the report itself as json', async () => {
    const report = reportFixture(language);
    const bytes = await renderer.render(report, 'json', signal);
    expect(JSON.parse(new TextDecoder().decode(bytes))).toEqual(report);
  });
});

test('a draft without a transcript, with a silent source and holes, says why and what to do', async () => {
  const report = reportFixture('fr', {
    kind: 'draft',
    draft_reason: 'no_model',
    summary: [],
    silent_sources: [{ speaker: 'marc', start_ms: 30_000, end_ms: null }],
    holes: [{ start_ms: 0, end_ms: 38_000, by_rules: true }],
    transcript: null,
  });
  const bytes = await renderer.render(report, 'md', signal);
  await expect(new TextDecoder().decode(bytes)).toMatchFileSnapshot(path.join(golden, 'draft.fr.md.golden'));
});
