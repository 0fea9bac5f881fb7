import { execFileSync } from 'node:child_process';
import { faultsOf, renderReport, transcriptErrors } from '@eloquence/testkit/call-report';
import { runConversation } from '@eloquence/testkit/conversation';
import { coachingScript } from '@eloquence/testkit/sentences';
import { DockerComposeEnvironment, Wait } from 'testcontainers';
import { expect, test } from 'vitest';

const ROOT = new URL('../../', import.meta.url).pathname;
const SERVICES = [
  'redis',
  'postgres',
  'livekit',
  'whisper-stt',
  'stt-gateway',
  'tts-proxy',
  'api-backend',
  'agent',
  'meeting-worker',
  'prometheus',
] as const;

function succeeds(command: string, ...args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore', timeout: 20_000 });
    return true;
  } catch {
    return false;
  }
}

const engine = succeeds('docker', 'info') && succeeds('docker', 'compose', 'version');
if (!engine)
  process.stdout.write(
    'compose.e2e: no Docker engine with compose answers here, so `docker compose up` is not tested.\n',
  );

/** Local stand-ins under the public names, where no registry answers: see infra/README.md. */
const standIns = succeeds('docker', 'image', 'inspect', 'redis:7-bookworm');
const ports = {
  API_PORT: '18000',
  LIVEKIT_PORT: '17880',
  LIVEKIT_TCP_PORT: '17881',
  LIVEKIT_UDP_PORT: '17882',
  GRAFANA_PORT: '13001',
};

test.skipIf(!engine)(
  'docker compose up: every service becomes healthy and a spoken call completes',
  { timeout: 1_500_000 },
  async () => {
    process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
    process.env['DOCKER_BUILDKIT'] = '1';
    const files = ['docker-compose.yml', ...(standIns ? ['infra/docker/without-grafana.yml'] : [])];
    let compose = new DockerComposeEnvironment(ROOT, files)
      .withBuild()
      .withEnvironment(ports)
      .withProjectName('eloquence-e2e')
      .withStartupTimeout(900_000)
      .withWaitStrategy('init-1', Wait.forOneShotStartup());
    if (standIns) compose = compose.withEnvironmentFile('infra/docker/stand-ins.env');
    for (const service of SERVICES) compose = compose.withWaitStrategy(`${service}-1`, Wait.forHealthCheck());
    const environment = await compose.up();
    try {
      const result = await runConversation({ apiUrl: `http://127.0.0.1:${ports.API_PORT}`, script: coachingScript });
      process.stdout.write(`\n--- docker compose, 10 turns ---\n${renderReport(result)}`);
      expect(faultsOf(result)).toEqual([]);
      expect(transcriptErrors(result).rate).toBeLessThanOrEqual(0.1);
    } finally {
      await environment.down({ removeVolumes: true });
    }
  },
);
