/** One server-sent event; `event` is `message` when the server names none. */
export interface ServerSentEvent {
  readonly event: string;
  readonly id: string;
  readonly data: string;
}

/** Splits the text of an event stream into events (WHATWG HTML §9.2.6); comments and events without data are left out. */
export async function* parseEventStream(text: AsyncIterable<string>): AsyncGenerator<ServerSentEvent> {
  let rest = '';
  let id = '';
  for await (const part of text) {
    rest += part.replaceAll('\r', '');
    for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
      const fields = fieldsOf(rest.slice(0, end));
      rest = rest.slice(end + 2);
      id = fields.id ?? id;
      if (fields.data.length > 0) yield { event: fields.event || 'message', id, data: fields.data.join('\n') };
    }
  }
}

function fieldsOf(block: string): { event: string; id?: string; data: string[] } {
  const fields: { event: string; id?: string; data: string[] } = { event: '', data: [] };
  for (const line of block.split('\n')) {
    const [, name, value = ''] = /^([^:]*)(?:: ?(.*))?$/.exec(line) ?? [];
    if (name === 'data') fields.data.push(value);
    else if (name === 'event') fields.event = value;
    else if (name === 'id') fields.id = value;
  }
  return fields;
}

export interface SubscribeOptions {
  readonly key?: string;
  readonly lastEventId?: string;
  readonly signal?: AbortSignal;
}

/** Opens an event stream and yields until it ends or the signal aborts. @throws Error when the answer is not an event stream */
export async function* subscribe(url: string, options: SubscribeOptions = {}): AsyncGenerator<ServerSentEvent> {
  const response = await fetch(url, {
    headers: {
      accept: 'text/event-stream',
      ...(options.key && { authorization: `Bearer ${options.key}` }),
      ...(options.lastEventId && { 'last-event-id': options.lastEventId }),
    },
    signal: options.signal ?? null,
  });
  if (!response.ok || !response.body) throw new Error(`${new URL(url).pathname} answered ${response.status}`);
  yield* parseEventStream(response.body.pipeThrough(new TextDecoderStream()));
}
