import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** What the command takes from the environment of its process. */
export interface CliEnvironment {
  /** `ELOQUENCE_CONFIG`, else the place of the system for settings. */
  readonly configFile: string;
  /** True when somebody named the file, so that it has to be there. */
  readonly configNamed: boolean;
  /** Spools, states of recordings, the log of consents. */
  readonly stateDir: string;
  readonly homeDir: string;
  readonly apiUrl: string | undefined;
  readonly apiKey: string | undefined;
  /** Who works at this machine: the default name of the microphone's speaker. */
  readonly userName: string;
}

const absolute = (path: string | undefined): string | undefined => (path?.startsWith('/') ? path : undefined);

/** Reads the environment once: XDG folders on Linux and macOS, `%APPDATA%` and `%LOCALAPPDATA%` on Windows. */
export function readEnvironment(env: Environment = process.env, platform: string = process.platform): CliEnvironment {
  const home = env['HOME'] || homedir();
  const windows = platform === 'win32';
  const configDir = windows
    ? (env['APPDATA'] ?? join(home, 'AppData', 'Roaming'))
    : (absolute(env['XDG_CONFIG_HOME']) ?? join(home, '.config'));
  const stateDir = windows
    ? (env['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local'))
    : (absolute(env['XDG_STATE_HOME']) ?? join(home, '.local', 'state'));
  return {
    configFile: env['ELOQUENCE_CONFIG'] || join(configDir, 'eloquence', 'config.yaml'),
    configNamed: Boolean(env['ELOQUENCE_CONFIG']),
    stateDir: join(stateDir, 'eloquence'),
    homeDir: home,
    apiUrl: env['ELOQUENCE_API_URL'] || undefined,
    apiKey: env['ELOQUENCE_API_KEY'] || undefined,
    userName: env['USER'] || env['USERNAME'] || nameOfUser(),
  };
}

/** A container may run as a number without a name. */
function nameOfUser(): string {
  try {
    return userInfo().username;
  } catch {
    return 'eloquence';
  }
}
