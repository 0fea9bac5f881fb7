/** One message of an event stream. */
export interface SseMessage {
  /** `message` when the stream names none. */
  readonly event: string;
  readonly data: string;
  /** Last id seen so far, `null` before the first. */
  readonly id: string | null;
}

/**
 * Reads `text/event-stream` (html.spec.whatwg.org §9.2.6) piece by piece: a piece may end anywhere, even inside a CRLF.
 * Needed because `EventSource` cannot carry an access key.
 */
export function createSseParser(onMessage: (message: SseMessage) => void): { push(text: string): void } {
  let rest = '';
  let event = '';
  let data: string[] = [];
  let id: string | null = null;

  const endOfMessage = () => {
    if (data.length > 0) onMessage({ event: event === '' ? 'message' : event, data: data.join('\n'), id });
    event = '';
    data = [];
  };
  const line = (text: string) => {
    if (text === '') {
      endOfMessage();
      return;
    }
    const colon = text.indexOf(':');
    if (colon === 0) return;
    const field = colon === -1 ? text : text.slice(0, colon);
    const value = colon === -1 ? '' : text.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') data.push(value);
    else if (field === 'event') event = value;
    else if (field === 'id' && !value.includes('\0')) id = value;
  };

  return {
    push(text) {
      rest += text;
      let start = 0;
      for (let index = 0; index < rest.length; index += 1) {
        const character = rest[index];
        if (character !== '\n' && character !== '\r') continue;
        // A CR at the very end may be half of a CRLF: wait for the next piece.
        if (character === '\r' && index === rest.length - 1) break;
        line(rest.slice(start, index));
        if (character === '\r' && rest[index + 1] === '\n') index += 1;
        start = index + 1;
      }
      rest = rest.slice(start);
    },
  };
}
