/** The nginx-lua peer: its key ring, the tickets minted under it, and how it is started. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sealTicket, type TicketKeyRing } from '@hauberk/channel';
import { nodeCrypto } from '@hauberk/crypto/node';
import { type Bytes, epochMs, toBase64Url } from '@hauberk/primitives';
import { type Measured, startNginx } from './processes.ts';
import { benchService, type LoadSession } from './wire-load.ts';

const folder = fileURLToPath(new URL('../peers/nginx-lua/', import.meta.url));
const node = 1;
const boot = 1;
const generation = 1;
const deviceGeneration = 1;

/** What the peer opens tickets with. */
export interface PeerRing {
  readonly id: number;
  readonly key: Bytes;
  readonly factsKey: Bytes;
}

const fresh = (length: number): Bytes => new Uint8Array(randomBytes(length));

/** A ring of its own for each run. */
export const makePeerRing = (): PeerRing => ({ id: 7, key: fresh(32), factsKey: fresh(40) });

const lua = (bytes: Bytes): string => `"${[...bytes].map((byte) => `\\${String(byte).padStart(3, '0')}`).join('')}"`;

const ringFile = (ring: PeerRing, sessions: number): string =>
  [
    'return {',
    `  keys = { [${ring.id}] = ${lua(ring.key)} },`,
    `  facts_key = ${lua(ring.factsKey)},`,
    `  node = ${node}, boot = ${boot}, sessions = ${sessions}, generation = ${generation}, device_generation = ${deviceGeneration},`,
    '  routes = {',
    `    ["/api/signed"] = { id = "signed", mode = "signed", service = "${benchService}", max_age = 120 },`,
    `    ["/api/sealed"] = { id = "sealed", mode = "sealed", service = "${benchService}", max_age = 120 },`,
    `    ["/api/echo"] = { id = "echo", mode = "signed", service = "${benchService}", max_age = 120 },`,
    '  },',
    '}',
    '',
  ].join('\n');

/** Mints a session of the peer; `change` makes a wrong one. */
export const mintSession = (
  ring: PeerRing,
  slot: number,
  change: { readonly expiresAtMs?: number; readonly service?: string; readonly node?: number } = {},
): LoadSession & { readonly replyMac: Bytes; readonly replyAead: Bytes } => {
  const secrets = { requestMac: fresh(32), requestAead: fresh(32), requestIv: fresh(12) };
  const reply = { replyMac: fresh(32), replyAead: fresh(32) };
  const sessionId = fresh(16);
  const keys: TicketKeyRing = { current: { id: ring.id, key: nodeCrypto.importAead(ring.key) }, alsoOpens: [] };
  const ticket = sealTicket(
    nodeCrypto,
    keys,
    { node: change.node ?? node, boot },
    {
      organisation: 'bench',
      app: 'app',
      service: change.service ?? benchService,
      sessionId,
      deviceId: fresh(16),
      tier: 0,
      attested: '',
      session: { slot, generation },
      deviceRow: slot,
      deviceGeneration,
      expiresAtMs: epochMs(change.expiresAtMs ?? Date.now() + 3_600_000),
      ...secrets,
      ...reply,
      chunk: fresh(32),
    },
  );
  return {
    ticket,
    keyId: toBase64Url(sessionId),
    requestMac: nodeCrypto.importMac(secrets.requestMac),
    requestAead: nodeCrypto.importAead(secrets.requestAead),
    requestIv: secrets.requestIv,
    sequence: 0,
    ...reply,
  };
};

/** Starts the upstream that all gateways share. */
export const startUpstream = (scratch: string, core: number): Promise<Measured> =>
  startNginx(join(folder, 'upstream.conf'), join(scratch, 'upstream'), core, {}, true);

/** Starts the peer in front of an upstream. */
export const startPeer = (
  scratch: string,
  core: number,
  upstreamPort: number,
  ring: PeerRing,
  sessions: number,
): Promise<Measured> => {
  const root = join(scratch, 'lua');
  mkdirSync(root, { recursive: true });
  writeFileSync(join(root, 'ring.lua'), ringFile(ring, sessions));
  return startNginx(join(folder, 'nginx.conf'), join(scratch, 'peer'), core, {
    UPSTREAM: String(upstreamPort),
    ROOT: folder.replace(/\/$/, ''),
    RING: join(root, 'ring.lua'),
  });
};
