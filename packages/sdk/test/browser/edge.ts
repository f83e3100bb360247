/** What a page does behind an edge: every way of calling that the SDK has, and how the browser says that it travelled. */
import { createHauberk, type HauberkOptions } from '../../src/web/index.ts';

/** What came of the calls. */
export interface EdgeCalls {
  readonly signed: number;
  readonly sealed: string;
  readonly events: string;
  readonly uploaded: number;
  /** The protocol of every request below `/api/` and of the channel's own, as the browser measured it. */
  readonly protocols: readonly string[];
}

/** Calls signed, sealed, streaming down and streaming up. */
export const callThroughEdge = async (options: HauberkOptions): Promise<EdgeCalls> => {
  const hauberk = createHauberk(options);
  const signed = (await hauberk.fetch('/api/rates')).status;
  const sealed = await (await hauberk.fetch('/api/echo', { method: 'POST', body: 'through the edge' })).text();
  const events = await (await hauberk.fetch('/api/events')).text();
  const body = new Blob(['x'.repeat(300_000)]).stream();
  const uploaded = (await (await hauberk.fetch('/api/upload', { method: 'POST', body })).text()).length;
  const measured = performance.getEntriesByType('resource') as PerformanceResourceTiming[];
  return { signed, sealed, events, uploaded, protocols: measured.map(({ nextHopProtocol }) => nextHopProtocol) };
};

/** A request outside the channel that claims to come from somewhere else. */
export const claimAddress = async (): Promise<string> =>
  (await fetch('/', { headers: { 'x-forwarded-for': '203.0.113.9' } })).text();
