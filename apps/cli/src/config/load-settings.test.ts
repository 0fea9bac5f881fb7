import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readEnvironment } from '../config.ts';
import { exampleSettings } from './example-settings.ts';
import { loadSettings, parseSettings } from './load-settings.ts';

const parse = (text: string) => parseSettings(text, 'c.yaml');
/** What a file that is wrong is told. */
const told = (text: string): string => {
  try {
    parse(text);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
};

describe('the configuration file', () => {
  it('may be empty, or the example: both give the defaults', () => {
    const defaults = parse('');
    expect(defaults).toMatchObject({
      language: 'fr',
      meeting: { summary_interval_min: 10, max_duration_min: 240, include_full_transcript: true },
      recording: { micro_batch_s: 10 },
      output: { formats: ['md', 'html', 'pdf'] },
    });
    expect(parse(exampleSettings)).toEqual(defaults);
  });

  it('names every setting there is in the example', () => {
    for (const [group, value] of Object.entries(parse('')))
      for (const name of typeof value === 'string' ? [group] : Object.keys(value))
        expect(exampleSettings).toMatch(new RegExp(`^ *${name}:`, 'm'));
  });

  it('is told file, line, name and what is allowed', () => {
    expect(told('language: de')).toBe('c.yaml:1: language: il faut fr, en');
    expect(told('meeting:\n  summary_interval_min: 0')).toBe('c.yaml:2: meeting.summary_interval_min: au moins 1');
    expect(told('\n\noutput:\n  formats: [md, dox]')).toMatch(
      /^c\.yaml:4: output\.formats\.1: il faut .*vouliez-vous dire « docx » \?$/,
    );
    expect(told('api:\n  url: localhost')).toMatch(/^c\.yaml:2: api\.url: il faut une adresse telle que \S+$/);
    expect(told('meeting: 3')).toBe('c.yaml:1: meeting: il faut un groupe de réglages');
    expect(told('llm:\n  summarise: mistral')).toMatch(
      /c\.yaml:2: llm\.summarise: seul « server ».*LLM_SUMMARISE.*\.env$/,
    );
    expect(told('recording:\n  micro_batch_s: dix')).toBe('c.yaml:2: recording.micro_batch_s: il faut un nombre');
  });

  it('that asks for English is told in English', () => {
    expect(told('language: en\nmeeting:\n  summary_interval_min: 0')).toBe(
      'c.yaml:3: meeting.summary_interval_min: must be at least 1',
    );
    expect(told('language: en\napi:\n  url: localhost')).toBe(
      'c.yaml:3: api.url: must be an address such as http://127.0.0.1:8000',
    );
    expect(told('language: en\nllm:\n  summarise: x')).toMatch(/c\.yaml:3: llm\.summarise: only "server" is possible/);
    expect(told('language: en\na: 1')).toMatch(/c\.yaml:2: a: there is no such setting; there are: language/);
    expect(told('language: en\n- a')).toMatch(/this is no YAML/);
  });

  it('is told of unknown names, with the one that was meant, and of every fault at once', () => {
    expect(told('langage: fr\nmeeting:\n  max_duration: 3\n  x: 1').split('\n')).toEqual([
      'c.yaml:3: meeting.max_duration: ce réglage n’existe pas; vouliez-vous dire « max_duration_min » ?',
      'c.yaml:4: meeting.x: ce réglage n’existe pas; il y a : summary_interval_min, max_duration_min, include_full_transcript',
      'c.yaml:1: langage: ce réglage n’existe pas; vouliez-vous dire « language » ?',
    ]);
  });

  it('that is no YAML is told the line', () => {
    expect(told('a: [1\nb: 2')).toMatch(/^c\.yaml:\d: ce n’est pas du YAML/);
    expect(told('- a')).toBe('c.yaml:1: le fichier: il faut un groupe de réglages');
  });
});

describe('its place', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'eloquence-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('follows XDG, Windows, or the variable', () => {
    expect(readEnvironment({ HOME: '/h', XDG_CONFIG_HOME: '/x' }, 'linux').configFile).toBe('/x/eloquence/config.yaml');
    expect(readEnvironment({ HOME: '/h', XDG_CONFIG_HOME: 'x' }, 'linux').configFile).toBe(
      '/h/.config/eloquence/config.yaml',
    );
    expect(readEnvironment({ HOME: '/h', APPDATA: '/a' }, 'win32').configFile).toBe('/a/eloquence/config.yaml');
    expect(readEnvironment({ HOME: '/h', ELOQUENCE_CONFIG: '/c' }, 'linux')).toMatchObject({
      configFile: '/c',
      configNamed: true,
    });
  });

  it('may be without a file, unless somebody named one', () => {
    const path = join(folder, 'none.yaml');
    expect(loadSettings(path).language).toBe('fr');
    expect(() => loadSettings(path, true)).toThrow(/none\.yaml : ce fichier n’existe pas.*config init/);
    expect(() => loadSettings(folder)).toThrow(/cannot be read/);
    writeFileSync(path, 'language: en');
    expect(loadSettings(path).language).toBe('en');
  });
});
