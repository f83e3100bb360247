/**
 * How a route's real replies look from outside: their headers and how long they take. A trap borrows both, so that its story differs from a real reply in what it
 * says and in nothing that a stranger could measure cheaply.
 */
import type { Decoy } from '../gateway/route.ts';

/** Durations that are remembered for a route. */
const remembered = 32;
/** A trap never takes longer than this to imitate a service. */
const longestMs = 10_000;
/** Headers that belong to one reply and no other. */
const ofOne: ReadonlySet<string> = new Set([
  'content-type',
  'content-length',
  'content-encoding',
  'etag',
  'last-modified',
  'location',
  'set-cookie',
  'age',
  'x-request-id',
  'traceparent',
]);

/** What was seen of one route. */
export class RouteShape {
  readonly #durations = new Float64Array(remembered);
  #seen = 0;
  #headers: readonly string[] = [];

  /** Takes note of a reply of the service that succeeded. */
  see(headers: readonly string[], milliseconds: number): void {
    this.#durations[this.#seen % remembered] = milliseconds;
    this.#seen += 1;
    const kept: string[] = [];
    for (let index = 0; index + 1 < headers.length; index += 2) {
      const name = headers[index] ?? '';
      if (!ofOne.has(name)) kept.push(name, headers[index + 1] ?? '');
    }
    this.#headers = kept;
  }

  /** One of the durations that were seen, chosen by a number of 0 to 1; 0 before the first. */
  duration(choice: number): number {
    const held = Math.min(this.#seen, remembered);
    return Math.min(longestMs, this.#durations[Math.floor(choice * held)] ?? 0);
  }

  /** Headers of a decoy: those of a real reply, with its own type of content. */
  headersOf(decoy: Pick<Decoy, 'contentType'>): readonly string[] {
    return ['content-type', decoy.contentType, ...this.#headers];
  }
}
