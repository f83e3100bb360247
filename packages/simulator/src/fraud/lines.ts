/** What the files hold, line by line; docs/fraud-simulator.md tells it in words. */

/** How cautious the attackers are. */
export const difficulties = ['easy', 'medium', 'hard'] as const;
/** One of them. */
export type Difficulty = (typeof difficulties)[number];

/** What to simulate. */
export interface FraudWorld {
  readonly seed: number;
  readonly days: number;
  readonly difficulty: Difficulty;
  /** Devices of honest people and of farms, about; attackers who work alone come on top. */
  readonly devices: number;
  /** First midnight of the bank's place, epoch milliseconds. */
  readonly startMs: number;
}

/** A value of an attribute. */
export type Value = string | number | boolean;

/** A line of `events.jsonl` without its id, which is given in order of time. */
export interface FraudEvent {
  readonly type: string;
  readonly atMs: number;
  readonly entities: Readonly<Record<string, string>>;
  readonly amountMinor?: number;
  readonly attributes: Readonly<Record<string, Value>>;
}

/** What kind of attack an event belongs to. */
export const attackKinds = [
  'farm-coupon',
  'farm-account',
  'farm-ticket',
  'replay',
  'repackage',
  'clone',
  'hook',
  'host',
  'emulator',
  'sim-swap',
  'remote-control',
  'mule',
  'coupon-bot',
  'ticket-bot',
  'scraper',
  'forged-papers',
  'loan-ring',
  'takeover',
  'sim-pool',
] as const;
/** One of them. */
export type AttackKind = (typeof attackKinds)[number];

/** Why an event is an attack, and whose. */
export interface Guilt {
  readonly kind: AttackKind;
  readonly group: string;
}

/** What the server found when it took a report in. */
export interface ReportChecks {
  readonly signature: 'verified' | 'wrong';
  readonly nonce: 'fresh' | 'stale' | 'unknown';
  readonly counter: 'next' | 'gap' | 'repeated';
  readonly canary: 'right' | 'wrong' | 'absent';
}

/** A kind of evidence that two phones may have in common. */
export const evidenceKinds = [
  'subnet',
  'bssid',
  'cell',
  'battery',
  'motion',
  'brightness',
  'rendering',
  'audio',
  'image',
  'installOrder',
  'storage',
  'provisioning',
] as const;
/** One of them. */
export type EvidenceKind = (typeof evidenceKinds)[number];

/** How much a scene may ask for. */
export type Tier = 'launch' | 'login' | 'bind' | 'pay';

/** The body of a report of signals. */
export interface SignalBody {
  readonly scene: Tier;
  readonly policyVersion: number;
  readonly sdk: string;
  readonly nonce: string;
  readonly counter: number;
  readonly previous: string;
  readonly ran: readonly string[];
  readonly skipped: readonly { readonly code: string; readonly why: string }[];
  readonly canary: string;
  readonly signals: readonly {
    readonly code: string;
    readonly value: boolean | number;
    readonly source: 'web' | 'native';
    readonly observedAtMs: number;
  }[];
  readonly evidence: readonly { readonly kind: EvidenceKind; readonly digest: string }[];
}

/** A line of `reports.jsonl`. */
export interface FraudReport {
  readonly device: string;
  /** When it came in. */
  readonly atMs: number;
  readonly checks: ReportChecks;
  readonly report: SignalBody;
}

/** Whose a device is. */
export type DeviceRole = 'honest' | 'farm' | 'attacker';

/** What `truth.json` says of a device. */
export interface DeviceTruth {
  readonly role: DeviceRole;
  /** The farm or gang that it belongs to. */
  readonly group?: string;
  /** What makes an honest one look odd, or an attacker's look honest. */
  readonly traits?: readonly string[];
}

/** What `truth.json` says of a farm or gang. */
export interface GroupTruth {
  readonly kind: string;
  readonly devices: number;
  /** It began within the period. */
  readonly isNew: boolean;
  /** When it begins, epoch milliseconds: its first task, or its first try. */
  readonly beganAtMs: number;
  /** Its first event; absent when the period was over before. */
  readonly firstEventMs?: number;
  /** Kinds of evidence that its devices share, each with drop-outs. */
  readonly evidence: readonly EvidenceKind[];
}
