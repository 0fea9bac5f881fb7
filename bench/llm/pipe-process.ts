import { Agent, createServer, request } from 'node:http';
import { parseArgs } from 'node:util';

/**
 * The least a proxy of Node's can do: `--port`, `--to` an origin. Bytes go on as they come and nobody reads them. What it
 * adds is the price of two sockets and an event loop on this machine: no proxy adds less.
 */
const { values } = parseArgs({ options: { port: { type: 'string' }, to: { type: 'string', default: '' } } });
const agent = new Agent({ keepAlive: true, maxSockets: Infinity });

createServer((incoming, outgoing) => {
  const { method, headers, url = '' } = incoming;
  const onward = request(`${values.to}${url}`, { method, headers, agent }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  onward.on('error', () => outgoing.destroy());
  outgoing.on('close', () => onward.destroy());
  incoming.pipe(onward);
}).listen(Number(values.port), '127.0.0.1');
