import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const folder = new URL('../../launchers/', import.meta.url).pathname;
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
const names = readdirSync(folder);
const of = (ending: string) => names.filter((name) => name.endsWith(ending));

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'eloquence launchers-'));
});
afterEach(() => rmSync(place, { recursive: true }));

/** Runs a launcher with a Node that only says what it was given. */
function run(script: string, cwd = '/'): string {
  const bin = join(place, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'node'), '#!/bin/sh\nprintf "%s\\n" "$@"\nexit 4\n');
  chmodSync(join(bin, 'node'), 0o755);
  try {
    execFileSync(script, {
      cwd,
      env: { PATH: `${bin}:/usr/bin:/bin` },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } catch (error) {
    const { status, stdout } = error as { status: number; stdout: string };
    return `${stdout}exit ${status}`;
  }
  return 'exit 0';
}

describe('launchers', () => {
  it('ask a name, or start at once, on each system', () => {
    for (const ending of ['.bat', '.command', '.desktop']) {
      expect(of(ending).filter((name) => name.startsWith('start-'))).toEqual([
        `start-meeting-now${ending}`,
        `start-meeting${ending}`,
      ]);
      expect(read(`start-meeting${ending}`)).toContain('--ask-name');
      expect(read(`start-meeting-now${ending}`)).not.toContain('--ask-name');
    }
  });

  it.each(of('.bat'))(
    '%s ends its lines as Windows does, is without a mark and passes no text of a person to the shell',
    (name) => {
      const text = read(name);
      expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
      expect(text.codePointAt(0)).toBe('@'.codePointAt(0));
      expect(text).not.toContain('set /p');
      expect(text).toContain(
        name === 'record.bat' ? '"%~dp0..\\bin\\eloquence.mjs" meeting start %*' : '"%~dp0record.bat"',
      );
    },
  );

  it.each([...of('.sh'), ...of('.command')])('%s ends its lines as Unix does, may be run and is a script', (name) => {
    expect(read(name)).not.toContain('\r');
    expect(statSync(join(folder, name)).mode & 0o111).toBe(0o111);
    execFileSync('sh', ['-n', join(folder, name)]);
  });

  it.each(of('.command'))('%s starts the command from any folder, through a link, and gives its exit code', (name) => {
    const link = join(place, 'a link');
    symlinkSync(join(folder, name), link);
    for (const script of [join(folder, name), link]) {
      const [main, ...rest] = run(script).split('\n');
      expect(main).toMatch(/launchers\/\.\.\/bin\/eloquence\.mjs$/);
      expect(rest).toEqual(['meeting', 'start', ...(name.includes('-now') ? [] : ['--ask-name']), 'exit 4']);
    }
  });

  it('are put into the menu and onto the desktop of a Linux with the path they have, also an odd one', () => {
    const odd = join(place, 'Mes \\$outils "à 100 %"', 'launchers');
    cpSync(folder, odd, { recursive: true });
    mkdirSync(join(place, 'Desktop'));
    execFileSync(join(odd, 'install-linux.sh'), { env: { PATH: '/usr/bin:/bin', HOME: place } });
    const menu = join(place, '.local/share/applications/eloquence-start-meeting-now.desktop');
    expect(readFileSync(join(place, 'Desktop/eloquence-start-meeting-now.desktop'), 'utf8')).toBe(
      readFileSync(menu, 'utf8'),
    );
    const exec = /^Exec="(.*)"$/m.exec(readFileSync(menu, 'utf8'))?.[1] ?? '';
    // As the specification reads it: escapes of a string, then of a quoted argument, then %%.
    const path = exec.replaceAll(/\\(.)/g, '$1').replaceAll(/\\(.)/g, '$1').replaceAll('%%', '%');
    expect(path).toBe(join(odd, 'record.sh'));
    expect(run(path)).toContain('meeting\nstart\nexit 4');
  });
});

it('the command without its packages says what to run, not where Node looked for them', () => {
  mkdirSync(join(place, 'apps', 'cli', 'bin'), { recursive: true });
  const command = join(place, 'apps', 'cli', 'bin', 'eloquence.mjs');
  cpSync(new URL('../../bin/eloquence.mjs', import.meta.url).pathname, command);
  const { status, stderr } = spawnSync(process.execPath, [command, 'meeting', 'list'], { encoding: 'utf8' });
  expect(status).toBe(1);
  expect(stderr).toMatch(/npm start/);
  expect(stderr).not.toMatch(/\bat \S+:\d+/);
});
