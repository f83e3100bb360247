/** Reads a server-sent event stream from a response body, since a protected fetch, unlike EventSource, can sign and verify. */

/** Calls `onEvent` for each complete event with a JSON payload; resolves when the stream ends. */
export async function readEvents(
  body: ReadableStream<Uint8Array>,
  onEvent: (name: string, payload: unknown) => void,
): Promise<void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let pending = '';
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    const blocks = `${pending}${decoder.decode(chunk.value, { stream: true })}`.split('\n\n');
    pending = blocks.pop() ?? '';
    for (const block of blocks) dispatch(block, onEvent);
  }
}

function dispatch(block: string, onEvent: (name: string, payload: unknown) => void): void {
  const field = (name: string): string =>
    block
      .split('\n')
      .filter((line) => line.startsWith(`${name}: `))
      .map((line) => line.slice(name.length + 2))
      .join('\n');
  const content = field('data');
  if (content !== '') onEvent(field('event'), JSON.parse(content));
}
