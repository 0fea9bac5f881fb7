import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { coachingScript, coachingSentences, demoSentences } from './sentences.ts';
import { repositoryRoot } from './config.ts';

test('there are at least sixty different sentences and a script of ten turns', () => {
  expect(new Set(demoSentences).size).toBe(demoSentences.length);
  expect(demoSentences.length).toBeGreaterThanOrEqual(60);
  expect(coachingScript).toHaveLength(10);
  expect(coachingScript.filter((sentence) => !coachingSentences.includes(sentence))).toEqual([]);
});

test("every word is in the vocabulary of the demo model's grammar", () => {
  const folder = `${repositoryRoot}services/whisper-stt/demo-model/training`;
  const program =
    'import sys, json; sys.path.insert(0, sys.argv[1]); import sentences; print(json.dumps(sentences.vocab()))';
  const words: unknown = JSON.parse(execFileSync('python3', ['-c', program, folder], { encoding: 'utf8' }));
  const known = new Set(words as string[]);
  expect(demoSentences.flatMap((sentence) => sentence.split(' ')).filter((word) => !known.has(word))).toEqual([]);
});
