import { delimiter, join } from 'node:path';
import { parseApiKey } from '@eloquence/shared/runtime/api-key';

/** Root of the repository; programs fetched by set-up lie under its `.eloquence`. */
export const repositoryRoot = new URL('../../../', import.meta.url).pathname;

/** What set-up fetched and built: programs in `bin`, whisper-stt's Python in `venv`. */
export const toolsDir: string = process.env['ELOQUENCE_TOOLS_DIR'] || join(repositoryRoot, '.eloquence');

/** Where the testkit looks for programs: the launcher's folder of tools first, then the PATH. */
export const programFolders: readonly string[] = [
  join(toolsDir, 'bin'),
  ...(process.env['PATH'] ?? '').split(delimiter).filter(Boolean),
];

/** A livekit-server that is not on any of {@link programFolders}. */
export const livekitServerBin: string | undefined = process.env['LIVEKIT_SERVER_BIN'] || undefined;

/** Where a running stack (`npm start`) writes its addresses: `stack.json`. */
export const stateDir: string = process.env['ELOQUENCE_STATE_DIR'] || join(repositoryRoot, '.eloquence/state');

/** First of the stack's API keys, where it asks for one. */
export const apiKey: string | undefined =
  parseApiKey((process.env['API_KEYS'] ?? '').split(',')[0]?.trim() ?? '').key || undefined;
