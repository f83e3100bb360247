/** Writes client sightings to the outbox in batches, and reads them back. */
import { epochMs, fromUtf8, utf8 } from '@hauberk/primitives';
import { z } from 'zod';
import type { Outbox, OutboxEvent } from '../storage/outbox.ts';
import type { Scope } from '../storage/scope.ts';
import type { ClientRow, ClientSightings, SeenExchange } from './client-sightings.ts';

/** Kind of these events in the outbox. */
export const sightingsKind = 'clients.seen';

const writeEveryMs = 30_000;
const pageEvents = 1000;

/** Sightings that are being kept. */
export interface KeptSightings {
  readonly see: (seen: SeenExchange) => void;
  /** Writes what is left. */
  readonly close: () => Promise<void>;
}

/** Keeps what a thread saw. A write that fails loses counts, which is told, and no request. */
export const keepSightings = (
  sightings: ClientSightings,
  outbox: Pick<Outbox, 'append'>,
  scope: Scope,
  onFault: (error: unknown) => void,
): KeptSightings => {
  const write = async (): Promise<void> => {
    const rows = sightings.take();
    if (rows.length === 0) return;
    const atMs = epochMs(Date.now());
    const kept = await outbox.append([{ scope, kind: sightingsKind, atMs, payload: utf8(JSON.stringify({ rows })) }]);
    if (!kept.ok) onFault(new Error(`client sightings were not kept: ${kept.code}`));
  };
  const timer = setInterval(() => void write().catch(onFault), writeEveryMs).unref();
  return {
    see: sightings.see,
    close: () => {
      clearInterval(timer);
      return write().catch(onFault);
    },
  };
};

const rowSchema: z.ZodType<ClientRow> = z.object({
  service: z.string(),
  route: z.string(),
  client: z.string(),
  version: z.string(),
  state: z.enum(['verified', 'migrated', 'unverified', 'refused']),
  scheme: z.string(),
  reason: z.string(),
  key: z.string(),
  requests: z.int(),
  firstAtMs: z.int(),
  lastAtMs: z.int(),
});
const batchSchema = z.object({ rows: z.array(rowSchema) });

/** The rows of one event; none when a newer program wrote it in a form of its own. */
export const rowsOf = (payload: Uint8Array): readonly ClientRow[] => {
  try {
    const parsed = batchSchema.safeParse(JSON.parse(fromUtf8(payload) ?? ''));
    return parsed.success ? parsed.data.rows : [];
  } catch {
    return [];
  }
};

/** Every sighting that retention left in the outbox. */
export const readSightings = async (outbox: Pick<Outbox, 'readAfter'>): Promise<readonly ClientRow[]> => {
  const rows: ClientRow[] = [];
  let position = 0;
  for (;;) {
    const page: readonly OutboxEvent[] = await outbox.readAfter(position, pageEvents);
    for (const event of page) if (event.kind === sightingsKind) rows.push(...rowsOf(event.payload));
    const last = page.at(-1);
    if (last === undefined) return rows;
    position = last.position;
  }
};
