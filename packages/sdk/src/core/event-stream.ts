/** The events of a `text/event-stream`, without the browser's own reader: its requests could not go through the transport. */

/** One event. Comments are no events. */
export interface StreamEvent {
  readonly event: string;
  readonly data: string;
}

/** Longest event, in characters; a longer one ends the stream. */
const maxEvent = 1_048_576;

const readEvent = (text: string): StreamEvent => {
  let event = 'message';
  const data: string[] = [];
  for (const line of text.split('\n')) {
    const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (name === 'event') event = value;
    if (name === 'data') data.push(value);
  }
  return { event, data: data.join('\n') };
};

/**
 * Reads events until the stream ends; `onBytes` hears of every piece, comments too.
 * @throws RangeError when an event is too long; what the stream throws.
 */
export async function* streamEvents(
  stream: ReadableStream<Uint8Array>,
  onBytes: () => void,
): AsyncGenerator<StreamEvent> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let held = '';
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      onBytes();
      held = (held + decoder.decode(value, { stream: true })).replaceAll('\r\n', '\n');
      for (let end = held.indexOf('\n\n'); end >= 0; end = held.indexOf('\n\n')) {
        const event = readEvent(held.slice(0, end));
        held = held.slice(end + 2);
        if (event.data !== '') yield event;
      }
      if (held.length > maxEvent) throw new RangeError('an event is too long');
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
