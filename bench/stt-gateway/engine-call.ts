import { Agent, request } from 'node:http';
import { KEY } from './processes.ts';

const agent = new Agent({ keepAlive: true, maxSockets: 16 });

/** One decode straight at the engine, asked for as the gateway does. @returns ms it took */
export function callEngine(url: string, audio: Buffer): Promise<number> {
  const startedMs = performance.now();
  return new Promise((resolve, reject) => {
    const query = 'words=true&response_format=verbose_json&language=fr&class=final';
    const call = request(`${url}/v1/audio/transcriptions?${query}`, {
      agent,
      method: 'POST',
      headers: { 'content-type': 'audio/pcm;rate=16000', authorization: `Bearer ${KEY}` },
    });
    call.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        if (response.statusCode === 200 && JSON.parse(body)) resolve(performance.now() - startedMs);
        else reject(new Error(`the engine answered ${response.statusCode}: ${body.slice(0, 200)}`));
      });
    });
    call.on('error', reject);
    call.end(audio);
  });
}

/** Calls per second the engine does when it always has eight. */
export async function enginePerS(url: string, recordings: readonly Buffer[], forMs: number): Promise<number> {
  const startedMs = performance.now();
  let done = 0;
  const line = async (first: number) => {
    for (let index = first; performance.now() - startedMs < forMs; index += 1) {
      await callEngine(url, recordings[index % recordings.length] ?? Buffer.alloc(0));
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, first) => line(first)));
  return (done * 1000) / (performance.now() - startedMs);
}
