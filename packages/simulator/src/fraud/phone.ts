/** Phones: what each is, what its evidence looks like, what its owner did to it. */
import type { DeviceRole, EvidenceKind } from './lines.ts';
import { between, chance, type Draw, digestOf, idOf, pick, rank, streamOf, whole } from './random.ts';
import { signs } from './signs.ts';

/** Evidence by kind, as digests. */
export type Evidence = Readonly<Partial<Record<EvidenceKind, string>>>;

/** What the hardware's evidence says, as the server's verdict tells it. */
export interface Attested {
  readonly level: 'none' | 'software' | 'tee' | 'secure-element';
  readonly boot: 'verified' | 'self-signed' | 'unverified' | 'unknown';
  readonly app: 'approved' | 'other' | 'unknown';
}

/** A phone. */
export interface Phone {
  readonly id: string;
  readonly role: DeviceRole;
  readonly group?: string;
  readonly platform: 'android' | 'ios' | 'harmony' | 'web';
  readonly attested: Attested;
  /** When the server first met it, epoch milliseconds. */
  readonly sinceMs: number;
  readonly evidence: Evidence;
  /** Codes of signals that it shows as long as it lives. */
  readonly lasting: ReadonlySet<string>;
  /** Oddities, for the truth. */
  readonly traits: readonly string[];
  readonly chain: ReportChain;
  /** Counter of the last report that the server saw under this id; shared with whoever copied the app's storage. */
  readonly seen: { counter: number };
}

/** Where the chain of a phone's reports stands. */
export interface ReportChain {
  counter: number;
  previous: string;
  /** When the last sitting on the phone ended. */
  busyMs: number;
}

/** What a maker sold: many phones are equal in it. */
const models = 160;
const builds = 4;
/** Orders of installation that shops and carriers ship; every sixth owner never added much to it. */
const shippedOrders = 40;

/** Evidence that the same model and build have in common, and what an owner's life makes of the rest. */
const bornEvidence = (seed: number, name: string, model: number, draw: Draw, population: number): Evidence => ({
  rendering: digestOf(seed, 'rendering', model % 90),
  audio: digestOf(seed, 'audio', model % 60),
  image: digestOf(seed, 'image', `${model}/${rank(draw, builds)}`),
  installOrder: digestOf(seed, 'installOrder', chance(draw, 0.16) ? `shipped/${rank(draw, shippedOrders)}` : name),
  storage: digestOf(seed, 'storage', name),
  // Shops sell what came in one box: a few phones of a batch meet again among the customers.
  provisioning: digestOf(seed, 'provisioning', whole(draw, 0, Math.max(4, Math.floor(population / 2)))),
});

const lastingOf = (draw: Draw): Set<string> =>
  new Set(signs.filter(({ lasting }) => chance(draw, lasting)).map(({ code }) => code));

/** An owner who opened a phone shows more than one sign of it. */
const withCompanions = (lasting: Set<string>): Set<string> => {
  if (lasting.has('rom.custom') || lasting.has('root.magisk')) lasting.add('root.bootloaderUnlocked');
  if (lasting.has('hook.xposed')) lasting.add('root.suBinary');
  return lasting;
};

const attestedOf = (platform: Phone['platform'], lasting: ReadonlySet<string>, draw: Draw): Attested => {
  if (platform === 'web') return { level: 'none', boot: 'unknown', app: 'unknown' };
  if (platform === 'ios') return { level: 'secure-element', boot: 'verified', app: 'approved' };
  // Old phones, and phones whose attestation keys were lost in the shop.
  if (chance(draw, platform === 'harmony' ? 0.05 : 0.07)) return { level: 'software', boot: 'unknown', app: 'unknown' };
  const boot = lasting.has('rom.custom')
    ? 'self-signed'
    : lasting.has('root.bootloaderUnlocked')
      ? 'unverified'
      : 'verified';
  return { level: chance(draw, 0.2) ? 'secure-element' : 'tee', boot, app: 'approved' };
};

/** What a phone is made from. */
export interface PhoneBirth {
  readonly seed: number;
  readonly name: string;
  readonly population: number;
  readonly role?: DeviceRole;
  readonly group?: string;
  readonly platform?: Phone['platform'];
  readonly sinceMs: number;
  readonly evidence?: Evidence;
  readonly lasting?: readonly string[];
  readonly attested?: Partial<Attested>;
  /** Its owner cannot change it: shows what is given and nothing else. */
  readonly isManaged?: boolean;
  readonly traits?: readonly string[];
}

const someone = (draw: Draw): Phone['platform'] =>
  pick(draw, ['android', 'android', 'android', 'android', 'android', 'android', 'ios', 'ios', 'harmony', 'web']);

/** Makes a phone; its name decides everything that is not given. */
export const bornPhone = (birth: PhoneBirth): Phone => {
  const { seed, name, population, role = 'honest', group, sinceMs } = birth;
  const draw = streamOf(seed, 'phone', name);
  const platform = birth.platform ?? someone(draw);
  const isPlain = platform === 'ios' || platform === 'web' || birth.isManaged === true;
  const drawn = isPlain ? new Set<string>() : withCompanions(lastingOf(draw));
  const lasting = new Set([...(role === 'honest' ? drawn : []), ...(birth.lasting ?? [])]);
  const model = rank(draw, models);
  return {
    id: idOf(seed, 'dev', name),
    role,
    ...(group === undefined ? {} : { group }),
    platform,
    attested: { ...attestedOf(platform, lasting, draw), ...birth.attested },
    sinceMs,
    evidence: { ...bornEvidence(seed, name, model, draw, population), ...birth.evidence },
    lasting,
    traits: [...(role === 'honest' ? lasting : []), ...(birth.traits ?? [])],
    chain: { counter: whole(draw, 1, 400), previous: digestOf(seed, 'chain', name).padEnd(43, 'A'), busyMs: 0 },
    seen: { counter: 0 },
  };
};

/** A device's age in days when the period begins: most are old, some are new. */
export const bornBefore = (draw: Draw, startMs: number): number =>
  Math.floor(startMs - between(draw, 0, 1) ** 2 * 900 * 86_400_000);

/** What of the evidence changes from day to day, for an honest owner. */
export const evidenceOfToday = (seed: number, draw: Draw): Evidence => ({
  battery: digestOf(seed, 'battery', rank(draw, 4000)),
  brightness: digestOf(seed, 'brightness', rank(draw, 500)),
  ...(chance(draw, 0.3) ? { motion: digestOf(seed, 'motion', rank(draw, 2500)) } : {}),
});
