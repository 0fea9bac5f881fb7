// First container of `docker compose up`: generates the secrets of this installation once, into the volume `secrets`, and
// writes from them what redis, postgres and livekit read. Values given by the operator win. Nothing is printed but names.
// Files are readable by all users of the containers that mount the volume, because each runs under a user id of its own.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

const DIRECTORY = process.env.SECRETS_DIR ?? '/run/eloquence';
const path = (name) => `${DIRECTORY}/${name}`;

/** Written beside and renamed, so that a crash leaves the old file or the new one. */
function write(name, content) {
  writeFileSync(path(`${name}.new`), content, { mode: 0o444 });
  renameSync(path(`${name}.new`), path(name));
}

/** The operator's value, else what is there from before, else a new random one. */
function secret(name, bytes) {
  const given = process.env[name.toUpperCase()];
  if (given) {
    write(name, given);
    return given;
  }
  if (existsSync(path(name))) return readFileSync(path(name), 'utf8').trim();
  const made = randomBytes(bytes).toString('hex');
  write(name, made);
  process.stdout.write(`made ${name}\n`);
  return made;
}

mkdirSync(DIRECTORY, { recursive: true });
const redisPassword = secret('redis_password', 24);
const postgresPassword = secret('postgres_password', 24);
const livekitKey = secret('livekit_api_key', 8);
const livekitSecret = secret('livekit_api_secret', 32);
secret('internal_api_key', 24);
secret('grafana_password', 12);

write('redis_url', `redis://:${redisPassword}@redis:6379/0`);
write('database_url', `postgres://eloquence:${postgresPassword}@postgres:5432/eloquence`);
write(
  'redis.conf',
  `requirepass ${redisPassword}\nappendonly yes\nappendfsync always\nmaxmemory-policy noeviction\nmaxmemory 384mb\ndir /data\n`,
);
// Loopback candidates would be the container's own: with them neither side connects.
write(
  'livekit.yaml',
  `port: 7880
rtc:
  tcp_port: ${process.env.LIVEKIT_TCP_PORT || 7881}
  udp_port: ${process.env.LIVEKIT_UDP_PORT || 7882}
  use_external_ip: false
  node_ip: ${process.env.PUBLIC_ADDRESS || '127.0.0.1'}
  enable_loopback_candidate: false
redis:
  address: redis:6379
  password: ${redisPassword}
room:
  auto_create: false
webhook:
  api_key: ${livekitKey}
  urls: ["http://api-backend:8000/api/livekit/webhook"]
prometheus:
  port: 6789
keys:
  ${livekitKey}: ${livekitSecret}
`,
);
