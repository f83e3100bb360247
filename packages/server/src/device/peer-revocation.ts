/**
 * What one node tells the others of its devices, and what they make of it. Records are each node's own; what takes rights away is everybody's:
 * a key that was switched off at one node is switched off, or barred from enrolling, at all.
 */
import { type DeviceState, deviceStates, isActiveState, isReachableState } from '@hauberk/device';
import { type Bytes, type EpochMs, epochMs, fromBase64Url, toBase64Url } from '@hauberk/primitives';
import { z } from 'zod';
import type { Device, Revocation } from '../storage/device-store.ts';
import type { Stores } from '../storage/stores.ts';

/** A change of a device, with the keys by which other nodes know it. */
export interface PeerRevocation {
  readonly position: number;
  readonly organisation: string;
  readonly app: string;
  readonly state: DeviceState;
  readonly reason: string;
  readonly atMs: EpochMs;
  readonly keys: readonly { readonly thumbprint: string; readonly publicKey: Bytes }[];
}

/** Changes after a position, and how far the log was read: what came from other nodes is passed over. */
export interface PeerRevocations {
  readonly entries: readonly PeerRevocation[];
  readonly readTo: number;
}

/** Most entries of one answer. */
export const revocationPage = 200;

const foreignMark = /^node \d+: /;

/** The reason of a change that another node made; it is not told on, or two nodes would repeat each other. */
export const foreignReason = (node: number, reason: string): string => `node ${node}: ${reason}`.slice(0, 512);

const withKeys = async (stores: Pick<Stores, 'attestations'>, entry: Revocation): Promise<PeerRevocation> => {
  const { position, scope, device, state, reason, atMs } = entry;
  const keys = (await stores.attestations.record(scope, device))?.record.keys ?? [];
  return {
    position,
    organisation: scope.organisation,
    app: scope.app,
    state,
    reason,
    atMs,
    keys: keys
      .filter(({ purpose }) => purpose === 'identity' || purpose === 'retired')
      .map(({ thumbprint, publicKey }) => ({ thumbprint, publicKey })),
  };
};

/** What this node has to tell after a position. */
export const ownRevocations = async (
  stores: Pick<Stores, 'devices' | 'attestations'>,
  after: number,
): Promise<PeerRevocations> => {
  const read = await stores.devices.revocationsAfter(after, revocationPage);
  const own = read.filter(({ reason }) => !foreignMark.test(reason));
  return {
    entries: await Promise.all(own.map((entry) => withKeys(stores, entry))),
    readTo: read.at(-1)?.position ?? after,
  };
};

const word = z.string().min(1).max(64);
const point = z
  .string()
  .max(88)
  .transform((text, issue) => {
    const bytes = fromBase64Url(text);
    if (bytes?.length === 65) return bytes;
    issue.addIssue('must be a raw P-256 point');
    return z.NEVER;
  });
const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

const answerSchema = z.strictObject({
  entries: z
    .array(
      z.strictObject({
        position: count,
        organisation: word,
        app: word,
        state: z.enum(deviceStates),
        reason: z.string().max(512),
        atMs: count.transform(epochMs),
        keys: z.array(z.strictObject({ thumbprint: word, publicKey: point })).max(32),
      }),
    )
    .max(revocationPage),
  readTo: count,
});

/** The text of an answer. */
export const revocationsText = ({ entries, readTo }: PeerRevocations): string =>
  JSON.stringify({
    entries: entries.map((entry) => ({
      ...entry,
      keys: entry.keys.map(({ thumbprint, publicKey }) => ({ thumbprint, publicKey: toBase64Url(publicKey) })),
    })),
    readTo,
  });

/** Reads an answer; undefined when it is none. */
export const readRevocations = (text: string): PeerRevocations | undefined => {
  try {
    return answerSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
};

/** Whether a change of another node is taken over. What gives rights back must be newer than what took them here. */
export const shouldFollow = (
  held: Pick<Device, 'state' | 'changedAtMs'>,
  entry: Pick<PeerRevocation, 'state' | 'atMs'>,
  isLive: boolean,
): boolean => {
  if (held.state === entry.state || (isActiveState(held.state) && isActiveState(entry.state))) return false;
  if (!isReachableState(held.state, followedState(entry.state))) return false;
  if (entry.state === 'revoked') return true;
  const isNewer = entry.atMs > held.changedAtMs;
  return isActiveState(entry.state) ? isNewer : isLive || isNewer;
};

/** Trust is not told on: a device that comes back brings its evidence to each node itself. */
const followedState = (state: DeviceState): DeviceState => (state === 'trusted' ? 'enrolled' : state);

/** Takes a change of another node over; answers the device that changed here. */
export const followRevocation = async (
  { devices, attestations }: Pick<Stores, 'devices' | 'attestations'>,
  node: number,
  entry: PeerRevocation,
  isLive: boolean,
): Promise<readonly Device[]> => {
  const scope = { organisation: entry.organisation, app: entry.app };
  const change = {
    state: followedState(entry.state),
    actor: `node ${node}`,
    reason: foreignReason(node, entry.reason),
  };
  const changed: Device[] = [];
  for (const { thumbprint, publicKey } of entry.keys) {
    const known = await devices.findByThumbprint(scope, thumbprint, 'identity');
    if (known === undefined && isActiveState(entry.state)) continue;
    // A key that this node has never seen is barred all the same: else it would enrol here as a new device.
    const bar = { thumbprint, publicKey, tier: 0, verdictReference: `barred by node ${node}` };
    const enrolled = known ?? (await devices.enrol(scope, bar, entry.atMs));
    const device = 'ok' in enrolled ? (enrolled.ok ? enrolled.value.device : undefined) : enrolled.device;
    if (device === undefined || (known !== undefined && !shouldFollow(device, entry, isLive))) continue;
    const kept = await devices.changeState(scope, device.id, change, entry.atMs);
    // What was barred here has never shown evidence here: whoever comes back brings it first.
    const isBack = kept.ok && isActiveState(entry.state);
    const demand = { reason: 'reinstated', atMs: entry.atMs } as const;
    const asked = isBack ? await attestations.demand(scope, device.id, demand, change) : kept;
    if (kept.ok) changed.push(asked.ok ? asked.value : kept.value);
    else if (kept.code.startsWith('storage-'))
      throw new Error(`a revocation of node ${node} was not kept: ${kept.code}`);
  }
  return changed;
};
