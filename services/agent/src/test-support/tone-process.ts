import { TonePublisher } from './tone-publisher.ts';

/** A participant in a process of its own, so that it can be stopped and killed: says a tone for ever. */
const [url = '', token = ''] = process.argv.slice(2);
const publisher = await TonePublisher.join({ url, token, frequencyHz: 500 });
for (;;) await publisher.say(60_000);
