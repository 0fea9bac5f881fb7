import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { closestName, loadSettings, namesIn, parseEnvFile, unknownNames, unreadableLines } from './env-file.mjs';

void test('a .env file may hold comments, quotes, export and Windows line ends', () => {
  const text = [
    '# a comment',
    'PLAIN=one two',
    'export EXPORTED=yes',
    'QUOTED="with # inside"  # and a comment',
    "SINGLE='a=b'",
    'TRAILING=value # comment',
    'HASH_INSIDE=a#b',
    'EMPTY=',
    'ONLY_COMMENT= # nothing',
    'not a setting',
  ].join('\r\n');
  assert.deepEqual(parseEnvFile(text), {
    PLAIN: 'one two',
    EXPORTED: 'yes',
    QUOTED: 'with # inside',
    SINGLE: 'a=b',
    TRAILING: 'value',
    HASH_INSIDE: 'a#b',
    EMPTY: '',
    ONLY_COMMENT: '',
  });
});

void test('a name nobody reads is reported with the one it was meant to be', () => {
  const known = namesIn('MISTRAL_API_KEY=\n# OPENAI_API_KEY=\n# Comment in words\n');
  assert.deepEqual([...known], ['MISTRAL_API_KEY', 'OPENAI_API_KEY']);
  assert.deepEqual(unknownNames(['MISTRAL_API_KEY', 'OPENAI_API_KEY_FILE', 'MISTRALAPIKEY', 'XYZ'], known), [
    '.env sets MISTRALAPIKEY, which nothing reads: did you mean MISTRAL_API_KEY?',
    '.env sets XYZ, which nothing reads',
  ]);
});

void test('without .env.example no name is called unknown', () => {
  assert.deepEqual(unknownNames(['WHATEVER'], new Set()), []);
});

void test('the closest name is the one with the fewest letters to change', () => {
  assert.equal(closestName('API_PRT', ['TTS_PORT', 'API_PORT', 'STT_PORT']), 'API_PORT');
  assert.equal(closestName('COMPLETELY_ELSE', ['API_PORT']), undefined);
});

void test('the process environment wins over .env, and an empty value takes one away', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'eloquence-env-'));
  t.after(() => rmSync(root, { recursive: true }));
  writeFileSync(join(root, '.env.example'), 'API_PORT=\nREDIS_URL=\nMISTRAL_API_KEY=\nLOG_LEVEL=\n');
  writeFileSync(join(root, 'key'), 'from-a-file\n');
  writeFileSync(join(root, '.env'), 'API_PORT=1\nREDIS_URL=redis://x\nMISTRAL_API_KEY_FILE=key\nLOG_LEVEL=\n');
  const { settings } = loadSettings(root, { API_PORT: '2', REDIS_URL: '' });
  assert.deepEqual(settings, { API_PORT: '2', MISTRAL_API_KEY: 'from-a-file' });
});

void test('a secret file that cannot be read is named', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'eloquence-env-'));
  t.after(() => rmSync(root, { recursive: true }));
  writeFileSync(join(root, '.env.example'), 'API_KEYS=\n');
  assert.throws(
    () => loadSettings(root, { API_KEYS_FILE: 'nowhere' }),
    /API_KEYS_FILE names a file that cannot be read/,
  );
});

void test('a .env that cannot be read is named, with what to do', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'eloquence-env-'));
  t.after(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, '.env'));
  assert.throws(() => loadSettings(root, {}), { message: /\.env cannot be read/, fix: /text file/ });
});

void test('a line of .env that is no setting is named by its number, never by its text', () => {
  const warnings = unreadableLines('# a comment\n\nAPI_PORT=1\nMISTRAL_API_KEY secret\nexport X=1\n');
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /line 4 .* NAME=value/);
  assert.doesNotMatch(warnings[0] ?? '', /secret/);
});
