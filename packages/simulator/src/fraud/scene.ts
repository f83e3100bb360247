/** What somebody does in one sitting: reports and events, one after the other, from one phone in one place. */
import { createHash } from 'node:crypto';
import type { EvidenceKind, FraudEvent, FraudReport, Guilt, ReportChecks, SignalBody, Tier, Value } from './lines.ts';
import { evidenceKinds } from './lines.ts';
import type { Evidence, Phone } from './phone.ts';
import type { Access } from './places.ts';
import { chance, type Draw, digestOf, waiting } from './random.ts';
import { reaches, signsOf } from './signs.ts';

/** Takes what happens. */
export interface Stage {
  readonly event: (event: FraudEvent, guilt?: Guilt) => void;
  readonly report: (report: FraudReport) => void;
}

/** What the gateway's verification said of a request, in the words of the engine's context. */
export type Channel = 'verified' | 'none' | 'unsigned' | 'stale' | 'replayed' | 'tampered' | 'refused';

/** Who sits where. */
export interface Sitting {
  readonly seed: number;
  readonly phone: Phone;
  readonly account: string;
  readonly access: Access;
  readonly atMs: number;
  readonly draw: Draw;
  readonly guilt?: Guilt;
  /** Evidence that is not the phone's own: of the day, of a rack. */
  readonly evidence: Evidence;
  /** Signals shown now, beside the lasting ones. */
  readonly passing?: readonly string[];
  /** Signals that the client hides. */
  readonly hidden?: ReadonlySet<string>;
  readonly checks?: Partial<ReportChecks>;
  /** What the gateway's verification said of the requests. */
  readonly channel?: Channel;
  /** Mean pause between acts, in seconds. */
  readonly pace?: number;
}

/** One act. */
export interface Act {
  readonly type: string;
  readonly amountMinor?: number;
  readonly entities?: Readonly<Record<string, string>>;
  readonly attributes?: Readonly<Record<string, Value>>;
  readonly guilt?: Guilt;
  readonly channel?: Channel;
}

const dayMs = 86_400_000;

/** The least tier in which each kind of evidence is collected. */
const evidenceTier: Readonly<Record<EvidenceKind, Tier>> = {
  subnet: 'login',
  bssid: 'login',
  cell: 'bind',
  battery: 'login',
  motion: 'login',
  brightness: 'login',
  rendering: 'launch',
  audio: 'launch',
  image: 'login',
  installOrder: 'login',
  storage: 'login',
  provisioning: 'bind',
};
const pageEvidence: readonly EvidenceKind[] = ['rendering', 'audio', 'storage', 'subnet'];

const rightChecks: ReportChecks = { signature: 'verified', nonce: 'fresh', counter: 'next', canary: 'right' };

const evidenceFor = (sitting: Sitting, tier: Tier): SignalBody['evidence'] => {
  const { phone, access, evidence } = sitting;
  const all: Evidence = {
    ...phone.evidence,
    subnet: access.subnet,
    ...(access.bssid === undefined ? {} : { bssid: access.bssid }),
    ...(access.cell === undefined ? {} : { cell: access.cell }),
    ...evidence,
  };
  return evidenceKinds.flatMap((kind) => {
    const digest = all[kind];
    const isSeen = reaches(tier, evidenceTier[kind]) && (phone.platform !== 'web' || pageEvidence.includes(kind));
    return digest !== undefined && digest !== '' && isSeen ? [{ kind, digest }] : [];
  });
};

const bodyOf = (sitting: Sitting, tier: Tier, atMs: number): SignalBody => {
  const { phone, draw, passing = [], hidden } = sitting;
  const looked = signsOf(tier, phone.platform !== 'web');
  const skipped = looked.filter(() => chance(draw, 0.004));
  const ran = looked.filter((sign) => !skipped.includes(sign));
  const shown = ran.filter(({ code, passing: rate }) => {
    const isThere = phone.lasting.has(code) || passing.includes(code);
    if (isThere) return hidden?.has(code) !== true;
    return phone.role === 'honest' && chance(draw, rate);
  });
  const { counter, previous } = phone.chain;
  return {
    scene: tier,
    policyVersion: 1,
    sdk: '1.0.0',
    nonce: digestOf(sitting.seed, 'nonce', `${phone.id}/${counter}`).padEnd(43, 'A'),
    counter,
    previous,
    ran: ran.map(({ code }) => code),
    skipped: skipped.map(({ code }) => ({ code, why: 'out-of-time' })),
    canary: digestOf(sitting.seed, 'canary', `${phone.id}/${counter}`),
    signals: shown.map(({ code, source }) => ({ code, value: true, source, observedAtMs: atMs - 40 })),
    evidence: evidenceFor(sitting, tier),
  };
};

/** How the server finds the counter of a report after the one that it saw last under this device's id. */
const counterCheck = ({ chain: { counter }, seen }: Phone): ReportChecks['counter'] => {
  const last = seen.counter;
  seen.counter = Math.max(last, counter);
  if (last === 0 || counter === last + 1) return 'next';
  return counter > last ? 'gap' : 'repeated';
};

/** Reports that never arrive: lost with an uninstalled app, a dead battery, a tunnel. */
const lostReports = 0.003;

const reportOf = (sitting: Sitting, tier: Tier, atMs: number): FraudReport => {
  const { phone } = sitting;
  if (chance(sitting.draw, lostReports)) phone.chain.counter += 1;
  const report = bodyOf(sitting, tier, atMs);
  const counter = counterCheck(phone);
  phone.chain.counter += 1;
  phone.chain.previous = createHash('sha256').update(JSON.stringify(report)).digest('base64url');
  const faults = sitting.guilt === undefined ? honestChecks(sitting.draw) : sitting.checks;
  const checks = { ...rightChecks, counter, ...faults };
  return { device: phone.id, atMs, checks, report };
};

const tierNumber = { none: undefined, software: 0, tee: 1, 'secure-element': 2 } as const;

/** What the hardware's evidence came to; what it does not say is left out. */
const attestedFacts = ({ attested: { level, boot, app } }: Phone): Record<string, Value> => {
  const tier = tierNumber[level];
  return {
    'device.isAttested': level === 'tee' || level === 'secure-element',
    ...(tier === undefined ? {} : { 'device.tier': tier }),
    ...(boot === 'unknown' ? {} : { 'device.bootState': boot, 'device.isLocked': boot === 'verified' }),
    ...(app === 'unknown' ? {} : { 'device.isAppApproved': app === 'approved' }),
  };
};

const attributesOf = ({ phone, access }: Sitting, atMs: number): Record<string, Value> => ({
  'device.platform': phone.platform,
  ...attestedFacts(phone),
  'device.ageDays': Math.max(0, Math.floor((atMs - phone.sinceMs) / dayMs)),
  'network.kind': access.network,
  'place.city': access.city,
});

/** The block of numbers that a phone number is from, as the server pseudonymises it: some dozen customers have theirs from one. */
const blockOf = (phoneNumber: string): string => `block-${phoneNumber.slice(4, 7)}`;

/** What goes wrong with honest requests: repeats after a cut, clocks that are off, pages of partners, middle boxes. */
export const honestFaults: Readonly<Partial<Record<Channel, number>>> = {
  replayed: 0.0002,
  stale: 0.0003,
  none: 0.0002,
  unsigned: 0.00005,
  tampered: 0.00003,
};
/** And with honest reports. */
export const honestReportFaults = { staleNonce: 0.003, absentCanary: 0.0002, wrongCanary: 0.00003 } as const;

const honestChannel = (draw: Draw): Channel => {
  let left = draw();
  for (const [channel, rate] of Object.entries(honestFaults)) {
    left -= rate;
    if (left < 0) return channel as Channel;
  }
  return 'verified';
};

const honestChecks = (draw: Draw): Partial<ReportChecks> => {
  const { staleNonce, absentCanary, wrongCanary } = honestReportFaults;
  const canary = draw();
  return {
    ...(chance(draw, staleNonce) ? { nonce: 'stale' } : {}),
    ...(canary < absentCanary ? { canary: 'absent' } : {}),
    ...(canary > 1 - wrongCanary ? { canary: 'wrong' } : {}),
  };
};

/** A request as the server takes it. Without an envelope no device and no session is known, whatever the caller claims. */
const eventOf = (sitting: Sitting, step: Act, session: string, atMs: number): FraudEvent => {
  const { phone, account, access } = sitting;
  const isHonest = sitting.guilt === undefined;
  const channel = step.channel ?? sitting.channel ?? (isHonest ? honestChannel(sitting.draw) : 'verified');
  const known = channel === 'none' ? {} : { device: phone.id, session };
  const facts =
    channel === 'none'
      ? { 'channel.result': channel, 'network.kind': access.network, 'place.city': access.city }
      : { ...attributesOf(sitting, atMs), 'channel.result': channel };
  const number = step.entities?.['phone'];
  return {
    type: step.type,
    atMs,
    entities: { ...known, account, address: access.address, ...step.entities },
    ...(step.amountMinor === undefined ? {} : { amountMinor: step.amountMinor }),
    attributes: { ...facts, ...(number === undefined ? {} : { 'phone.block': blockOf(number) }), ...step.attributes },
  };
};

/** Plays a sitting: a report for each tier that is named, then the acts, with pauses between. */
export const playSitting = (
  stage: Stage,
  sitting: Sitting,
  steps: readonly (Act | { readonly report: Tier })[],
): number => {
  const { phone, account, draw, seed, guilt } = sitting;
  // One pair of hands: what was begun on this phone is finished first.
  let atMs = Math.max(Math.floor(sitting.atMs), phone.chain.busyMs + 1000);
  const session = `ses-${digestOf(seed, 'session', `${phone.id}/${account}/${atMs}`)}`;
  for (const step of steps) {
    atMs += Math.ceil(waiting(draw, (sitting.pace ?? 12) * ('report' in step ? 100 : 1000))) + 1;
    if ('report' in step) {
      stage.report(reportOf(sitting, step.report, atMs));
      continue;
    }
    stage.event(eventOf(sitting, step, session, atMs), step.guilt ?? guilt);
  }
  phone.chain.busyMs = atMs;
  return atMs;
};
