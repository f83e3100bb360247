/** Requests and replies as the fake gateway reads and writes them. */
import { utf8 } from '@hauberk/primitives';

/** A reply on its way out. */
export interface FakeReply {
  status: number;
  headers: Record<string, string>;
  body: Uint8Array;
  /** Frames that follow the head of a chunked reply; the last one is marked by null. */
  readonly frames?: AsyncIterable<Uint8Array>;
}

/** A request as the fake reads it. */
export interface FakeRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string | undefined>;
  readonly body: Uint8Array;
}

const titles = { type: 'urn:hauberk:problem:', title: 'refused' };

/** A problem document as the gateway writes it. */
export const problem = (
  status: number,
  code: string,
  execution: 'none' | 'unknown' = 'none',
  extra: object = {},
): FakeReply => ({
  status,
  headers: { 'content-type': 'application/problem+json' },
  body: utf8(JSON.stringify({ ...titles, type: titles.type + code, status, code, execution, ...extra })),
});

/** A text reply. */
export const text = (body: string, contentType = 'text/plain'): FakeReply => ({
  status: 200,
  headers: { 'content-type': contentType },
  body: utf8(body),
});
