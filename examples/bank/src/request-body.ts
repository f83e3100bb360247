/** Reads request bodies under a cap. */
import type { IncomingMessage } from 'node:http';
import { granted, type Outcome, refused } from './problem.ts';

/** The body, or why there is none; `gone` when the client hung up. What exceeds the cap is drained unseen, so that the refusal arrives. */
export async function readBody(message: IncomingMessage, capBytes: number): Promise<Outcome<Buffer> | 'gone'> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of message as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length <= capBytes) chunks.push(chunk);
    }
  } catch {
    return 'gone';
  }
  return length > capBytes ? refused('body-too-large') : granted(Buffer.concat(chunks));
}
