import { createServer, type ServerResponse } from 'node:http';
import { parseArgs } from 'node:util';

/**
 * Stands for whisper-stt with a service time that is always the same: `--port`, `--service-ms` per call (may be 0) and
 * `--batch`: how many calls it does at once (1 = one after the other). `PUT /service-ms?ms=` changes the time, as a
 * machine that gets busy does. What it answers is one word per 0.4 s.
 */
const { values } = parseArgs({
  options: {
    port: { type: 'string' },
    'service-ms': { type: 'string', default: '0' },
    batch: { type: 'string', default: '1' },
  },
});
const startMs = Number(values['service-ms']);
let serviceMs = startMs;
const batch = Number(values.batch);
const waiting: { readonly response: ServerResponse; readonly durationS: number }[] = [];
let busy = false;

function send(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function transcription(durationS: number) {
  const count = Math.max(1, Math.floor(durationS / 0.4));
  const words = Array.from({ length: count }, (_, index) => ({
    word: 'mot',
    start: (durationS * index) / count,
    end: (durationS * (index + 1)) / count,
    probability: 0.9,
  }));
  // Words that are all the same would be taken for a loop.
  const text = words.map((_, index) => `mot${index}`).join(' ');
  const segment = { id: 0, start: 0, end: durationS, text, avg_logprob: -0.2, no_speech_prob: 0.01 };
  return { task: 'transcribe', language: 'fr', duration: durationS, text, segments: [segment], words };
}

async function work(): Promise<void> {
  busy = true;
  while (waiting.length > 0) {
    const calls = waiting.splice(0, batch).filter(({ response }) => !response.destroyed);
    if (calls.length === 0) continue;
    if (serviceMs > 0) await new Promise((resolve) => setTimeout(resolve, serviceMs));
    for (const { response, durationS } of calls) if (!response.destroyed) send(response, transcription(durationS));
  }
  busy = false;
}

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://engine');
  if (url.pathname === '/ready')
    send(response, {
      status: 'ok',
      checks: [],
      engine: { id: 'fixed', label: 'fixed time', demo: true },
      // As whisper-stt does; the time at the start, for a machine that gets busy does not announce it.
      ...(startMs > 0 && { capacity: { calls_at_once: 2 * batch, calls_per_s: (batch * 1000) / startMs } }),
    });
  else if (url.pathname === '/service-ms') {
    serviceMs = Number(url.searchParams.get('ms'));
    send(response, { serviceMs });
  } else {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => (bytes += chunk.length));
    request.on('end', () => {
      waiting.push({ response, durationS: bytes / 32_000 });
      if (!busy) void work();
    });
  }
});
server.keepAliveTimeout = 600_000;
server.listen(Number(values.port), '127.0.0.1');
