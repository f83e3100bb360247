/**
 * What the channel costs: from a parsed head to a `VerifiedRequest` on a cold session, against the same node:crypto calls on the same bytes;
 * and how many sequence numbers a second one thread claims in the shared table. `npm run bench -- verify [--json] [--rounds N]`.
 */
import { createDecipheriv, createHmac, createSecretKey, hash, timingSafeEqual } from 'node:crypto';
import { parseArgs } from 'node:util';
import {
  type ArrivedHead,
  allocateSlot,
  type ChannelGateway,
  claimInSlot,
  deviceTableBytes,
  deviceTableKey,
  OpenedTickets,
  openDeviceRow,
  openDeviceTable,
  openSessionTable,
  type PendingRequest,
  peekSlot,
  type RouteDemand,
  readProtectedHead,
  requestNonce,
  sealTicket,
  sessionTableBytes,
  type TicketState,
  targetOf,
  ticketPrefixLength,
  verifyRequest,
} from '@hauberk/channel';
import { type ClientKeys, sealRequest, signRequest } from '@hauberk/channel/client';
import { nodeAsyncCrypto, nodeCrypto } from '@hauberk/crypto/node';
import { type EpochMs, epochMs, epochSeconds, toBase64Url, toEpochSeconds, utf8 } from '@hauberk/primitives';

/** What the channel costs. */
export interface VerifyFigures {
  readonly verifyMicroseconds: number;
  readonly rawPrimitivesMicroseconds: number;
  readonly verifySealedMicroseconds: number;
  readonly rawSealedMicroseconds: number;
}

/** Claims a second, by the number of live sessions. */
export interface ReplayFigures {
  readonly replayChecksPerSecond: number;
  readonly replayChecksPerSecond100k: number;
  readonly replayChecksPerSecond10M: number;
}

const bodyLength = 1024;
/** Requests of one round: each of another session, so that nothing is warm but the code. */
const perRound = 512;

const demandOf = (mode: 'signed' | 'sealed'): RouteDemand => ({
  service: 'retail',
  mode,
  chunked: false,
  coveredHeaders: [],
  publicQuery: ['page'],
  maxAgeSeconds: 600,
});

const keyNames = ['requestMac', 'requestAead', 'replyMac', 'replyAead', 'chunk'] as const;

const makeState = (gateway: ChannelGateway, now: EpochMs): TicketState => {
  const keys = Object.fromEntries(keyNames.map((name) => [name, nodeCrypto.random(32).slice()])) as Record<
    (typeof keyNames)[number],
    Uint8Array<ArrayBuffer>
  >;
  const deviceId = nodeCrypto.random(16).slice();
  const expiresAtMs = epochMs(now + 3_600_000);
  const session = allocateSlot(gateway.sessions, 0, toEpochSeconds(expiresAtMs), toEpochSeconds(now));
  const deviceRow = openDeviceRow(
    gateway.devices,
    deviceTableKey(deviceId),
    0,
    toEpochSeconds(now),
    toEpochSeconds(expiresAtMs),
  );
  if (session === undefined || deviceRow === undefined) throw new Error('the tables are too small');
  const names = { organisation: 'bank', app: 'mobile', service: 'retail' };
  const sessionId = nodeCrypto.random(16).slice();
  const requestIv = nodeCrypto.random(12).slice();
  return {
    ...names,
    sessionId,
    deviceId,
    tier: 0,
    attested: '',
    session,
    deviceRow,
    deviceGeneration: 0,
    expiresAtMs,
    requestIv,
    ...keys,
  };
};

const clientKeys = (state: TicketState): ClientKeys => ({
  keyId: toBase64Url(state.sessionId),
  requestMac: nodeCrypto.importMac(state.requestMac),
  requestAead: nodeCrypto.importAead(state.requestAead),
  requestIv: state.requestIv,
  replyMac: nodeCrypto.importMac(state.replyMac),
  replyAead: nodeCrypto.importAead(state.replyAead),
  chunk: state.chunk,
});

interface Sample {
  readonly head: ArrivedHead;
  readonly body: Uint8Array;
  readonly state: TicketState;
  readonly ticket: Buffer;
  readonly ticketKey: Uint8Array;
}

const makeGateway = (ticketKey: Uint8Array, bornAt: EpochMs): ChannelGateway => {
  const counts = [perRound];
  const ring = { current: { id: 1, key: nodeCrypto.importAead(ticketKey) }, alsoOpens: [] };
  return {
    crypto: nodeCrypto,
    owner: { node: 1, boot: 1 },
    // A cold session each time: every ticket is opened.
    openedTickets: new OpenedTickets(nodeCrypto, 0),
    ticketKeys: () => ring,
    sessions: openSessionTable(new SharedArrayBuffer(sessionTableBytes(counts)), counts, toEpochSeconds(bornAt)),
    devices: openDeviceTable(new SharedArrayBuffer(deviceTableBytes(perRound * 8))),
  };
};

/** Flat strings of one byte a character, as the parser makes them; ours are ropes of their pieces until somebody reads them. */
const asReceived = <Texts extends object>(texts: Texts): Texts =>
  Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [name, Buffer.from(String(text), 'latin1').toString('latin1')]),
  ) as Texts;

/** Requests as node:http would hand them over, one per session, all with this sequence number. */
const makeSamples = async (
  mode: 'signed' | 'sealed',
  sequence: number,
): Promise<readonly [ChannelGateway, readonly Sample[]]> => {
  const now = epochMs(Date.now());
  const ticketKey = nodeCrypto.random(32).slice();
  const gateway = makeGateway(ticketKey, now);
  const samples: Sample[] = [];
  for (let index = 0; index < perRound; index += 1) {
    const state = makeState(gateway, now);
    const ticket = sealTicket(nodeCrypto, gateway.ticketKeys(), gateway.owner, state);
    const target = targetOf('POST', '/api/accounts/4711/transfers?page=1');
    const headers = {
      'content-type': 'application/json',
      authorization: 'Bearer 0123456789',
      'hauberk-ticket': ticket,
    };
    const request = { target, headers, service: 'retail', route: { coveredHeaders: [] } };
    const protect = mode === 'signed' ? signRequest : sealRequest;
    const slot = { sequence, created: toEpochSeconds(now) };
    const made = await protect(nodeAsyncCrypto, clientKeys(state), request, new Uint8Array(bodyLength).fill(120), slot);
    const arrived = {
      ...made.headers,
      host: 'api.example',
      accept: '*/*',
      'user-agent': 'bench',
      'content-length': `${bodyLength}`,
    };
    const head = { target: asReceived(target), headers: asReceived(arrived), arrivedAt: now };
    samples.push({ head, body: made.body.slice(), state, ticket: Buffer.from(ticket, 'base64url'), ticketKey });
  }
  return [gateway, samples];
};

const verifyOne = (gateway: ChannelGateway, sample: Sample, demand: RouteDemand): PendingRequest => {
  const pending = readProtectedHead(gateway, sample.head, demand);
  if (!pending.ok) throw new Error(pending.code);
  const verified = verifyRequest(nodeCrypto, pending.value, sample.body, sample.head.arrivedAt);
  if (!verified.ok) throw new Error(verified.code);
  return pending.value;
};

const openRaw = (
  key: Uint8Array,
  nonce: Uint8Array,
  sealed: Uint8Array,
  tag: Uint8Array,
  associated: Uint8Array,
): Buffer => {
  const decipher = createDecipheriv('aes-256-gcm', createSecretKey(key), nonce, { authTagLength: 16 });
  decipher.setAAD(associated);
  decipher.setAuthTag(tag);
  const plain = decipher.update(sealed);
  decipher.final();
  return plain;
};

/** The bytes on which the raw calls work: taken from a real verification. */
interface RawInput {
  readonly prefix: Buffer;
  readonly nonce: Buffer;
  readonly sealed: Buffer;
  readonly tag: Buffer;
  readonly ticketKey: Uint8Array;
  readonly base: Uint8Array;
  readonly signature: Uint8Array;
  readonly body: Uint8Array;
  readonly digest: Buffer;
  readonly state: TicketState;
  readonly requestNonce: Uint8Array;
}

const rawInputOf = (sample: Sample, pending: PendingRequest): RawInput => {
  const { ticket, state, body } = sample;
  const start = ticketPrefixLength + 12;
  return {
    prefix: ticket.subarray(0, ticketPrefixLength),
    nonce: ticket.subarray(ticketPrefixLength, start),
    sealed: ticket.subarray(start, -16),
    tag: ticket.subarray(-16),
    ticketKey: sample.ticketKey,
    base: utf8(pending.base),
    signature: pending.signature,
    body,
    digest: hash('sha256', body, 'buffer'),
    state,
    requestNonce: requestNonce(state.requestIv, pending.parameters.sequence),
  };
};

const rawSigned = (input: RawInput): boolean => {
  const { ticketKey, nonce, sealed, tag, prefix, state, base, body, digest, signature } = input;
  openRaw(ticketKey, nonce, sealed, tag, prefix);
  const mac = createHmac('sha256', createSecretKey(state.requestMac)).update(base).digest();
  return timingSafeEqual(mac, signature) && hash('sha256', body, 'buffer').equals(digest);
};

const rawSealed = (input: RawInput): boolean => {
  const { ticketKey, nonce, sealed, tag, prefix, state, base, body, signature } = input;
  openRaw(ticketKey, nonce, sealed, tag, prefix);
  return openRaw(state.requestAead, input.requestNonce, body, signature, base).length === body.length;
};

/** Processor time of this thread in microseconds: what neighbours on the machine do is not in it. */
const threadMicroseconds = (): number => {
  const { user, system } = process.threadCpuUsage();
  return user + system;
};

const microsecondsOf = (work: () => void, count: number): number => {
  const start = threadMicroseconds();
  work();
  return (threadMicroseconds() - start) / count;
};

const median = (values: readonly number[]): number =>
  values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN;

const measureMode = async (mode: 'signed' | 'sealed', rounds: number): Promise<readonly [number, number]> => {
  const demand = demandOf(mode);
  const raw = mode === 'signed' ? rawSigned : rawSealed;
  const verified: number[] = [];
  const primitive: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const [gateway, samples] = await makeSamples(mode, round + 1);
    const inputs: RawInput[] = [];
    const spent = microsecondsOf(() => {
      for (const sample of samples) verifyOne(gateway, sample, demand);
    }, perRound);
    const [again, copies] = await makeSamples(mode, round + 1);
    for (const sample of copies) inputs.push(rawInputOf(sample, verifyOne(again, sample, demand)));
    const rawSpent = microsecondsOf(() => {
      for (const input of inputs) if (!raw(input)) throw new Error('the raw calls disagree');
    }, perRound);
    verified.push(spent);
    primitive.push(rawSpent);
  }
  // The first rounds warm the code up; the medians of the rest belong together, for the rounds alternate.
  return [median(verified.slice(rounds / 4)), median(primitive.slice(rounds / 4))];
};

/** Measures verification against the raw primitives, both modes, interleaved round by round. */
export const measureVerify = async (rounds = 40): Promise<VerifyFigures> => {
  const [verifyMicroseconds, rawPrimitivesMicroseconds] = await measureMode('signed', rounds);
  const [verifySealedMicroseconds, rawSealedMicroseconds] = await measureMode('sealed', rounds);
  return { verifyMicroseconds, rawPrimitivesMicroseconds, verifySealedMicroseconds, rawSealedMicroseconds };
};

/** Requests between head and claim at a time on one thread: bodies arrive while other heads are read. */
const inFlight = 16;

const xorshift = (): (() => number) => {
  let state = 0x9e37_79b9;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
};

/**
 * Replay checks a second in the shipped table, one thread, sessions drawn uniformly. A check is what every request gets: a peek when its
 * head is read, a claim when it is verified, with as many requests in between as a gateway thread has in flight.
 */
export const measureReplayChecks = (sessions: number, claims = 8_000_000): number => {
  const counts = [sessions];
  const bornAt = epochSeconds(1_790_000_000);
  const table = openSessionTable(new SharedArrayBuffer(sessionTableBytes(counts)), counts, bornAt);
  const expiresAt = epochSeconds(bornAt + 3600);
  for (let index = 0; index < sessions; index += 1) {
    // Every first session of a slot has generation 1: a request brings it in its ticket, so nothing is looked up for it here.
    if (allocateSlot(table, 0, expiresAt, bornAt)?.generation !== 1) throw new Error('the table is too small');
  }
  const draw = xorshift();
  const batch = Array.from({ length: inFlight }, () => ({ slot: 0, generation: 1 }));
  let fresh = 0;
  let repeated = 0;
  const run = (count: number, first: number): void => {
    for (let index = first; index < first + count; index += inFlight) {
      const sequence = index >>> 4;
      for (const reference of batch) {
        reference.slot = draw() % sessions;
        if (peekSlot(table, reference, sequence) !== 'fresh') repeated += 1;
      }
      for (const reference of batch) if (claimInSlot(table, reference, sequence, bornAt) === 'fresh') fresh += 1;
    }
  };
  run(claims / 8, 0);
  fresh = 0;
  const spent = microsecondsOf(() => run(claims, claims / 8), claims);
  if (fresh < claims * 0.99) throw new Error(`only ${fresh} of ${claims} were fresh, ${repeated} seen before`);
  return Math.round(1e6 / spent);
};

/** All three table sizes. */
export const measureReplay = (): ReplayFigures => ({
  replayChecksPerSecond: measureReplayChecks(1_000_000),
  replayChecksPerSecond100k: measureReplayChecks(100_000),
  replayChecksPerSecond10M: measureReplayChecks(10_000_000),
});

if (import.meta.main) {
  const { values } = parseArgs({ options: { json: { type: 'boolean' }, rounds: { type: 'string' } } });
  const verify = await measureVerify(Number(values.rounds ?? 40));
  const figures = { ...verify, ...measureReplay() };
  const ratios = {
    signed: verify.verifyMicroseconds / verify.rawPrimitivesMicroseconds,
    sealed: verify.verifySealedMicroseconds / verify.rawSealedMicroseconds,
  };
  process.stderr.write(`verify to raw: signed ${ratios.signed.toFixed(2)}, sealed ${ratios.sealed.toFixed(2)}\n`);
  process.stdout.write(
    values.json === true ? `${JSON.stringify(figures)}\n` : `${JSON.stringify(figures, undefined, 2)}\n`,
  );
}
