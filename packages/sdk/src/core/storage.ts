/** What survives the JavaScript context: device keys, the trust floor and the resume ticket. Session keys and counters never do. */
import type { LossClass } from '@hauberk/channel/client';
import type { KeyPair, SecretKey } from '@hauberk/primitives';

/** A device key; `deviceId` names the device that it is enrolled for, null before that. */
export interface StoredKey {
  readonly keyPair: KeyPair;
  readonly deviceId: string | null;
}

/** What was learned of the gateway: neither number ever falls. */
export interface StoredTrust {
  readonly configVersion: number;
  /** Highest authenticated time ever seen. */
  readonly timeFloorMs: number;
  /** The newest verified config document. */
  readonly configText: string;
}

/** A resume ticket: holds no secret, and is worth nothing without the device key. */
export interface StoredResume {
  readonly ticket: string;
  readonly expiresAtMs: number;
  readonly deviceId: string;
}

/** Who works on a journal entry: another tab, or a start that was killed, until the time is over. */
export interface StoredLease {
  readonly by: string;
  readonly untilMs: number;
}

/** A journal entry as it rests: what is readable orders entries and makes room, nothing more. */
export interface StoredEntry {
  readonly id: string;
  readonly order: number;
  readonly rank: 'request' | LossClass;
  /** Rises with every change, so that of two writers one learns that it came late. */
  readonly revision: number;
  /** Base64url of nonce ‖ ciphertext ‖ tag under the journal key; the other members, lease aside, are its associated data. */
  readonly sealed: string;
  readonly lease: StoredLease | null;
}

/** The directives that were held last: verified again when they are read. No floor ever falls. */
export interface StoredDirectives {
  readonly revision: number;
  readonly documents: readonly string[];
  /** Highest version that was in force, by kind and scope. */
  readonly floors: Readonly<Record<string, number>>;
}

/** A session of the app that has not ended. */
export interface StoredHealth {
  readonly beganAtMs: number;
  readonly appVersion: string | null;
  readonly cohorts: readonly string[];
  readonly revision: number;
  readonly errors: number;
  /** Whether its user sees it: what ends then has crashed. */
  readonly isInFront: boolean;
}

/** Everything that is stored, by name. */
export interface StoredEntries {
  readonly identity: StoredKey;
  readonly 'step-up': StoredKey;
  /** The key that an identity key hands over to, until the gateway has taken it. */
  readonly successor: StoredKey;
  readonly trust: StoredTrust;
  readonly resume: StoredResume;
  /** Wall-clock milliseconds of the latest recoveries: their budget is the device's, not the tab's. */
  readonly recoveries: readonly number[];
  /** Origins that failed, with the wall-clock milliseconds until which they are left. */
  readonly endpoints: Readonly<Record<string, number>>;
  readonly 'journal-key': SecretKey;
  readonly journal: readonly StoredEntry[];
  readonly directives: StoredDirectives;
  readonly health: StoredHealth;
}

/** A store of named entries. They are written whole and read as written; several contexts may share one store. */
export interface EntryStorage<Entries extends object> {
  /** Whether entries outlive this context. */
  readonly isPersistent: () => boolean;
  readonly read: <Name extends keyof Entries>(name: Name) => Promise<Entries[Name] | undefined>;
  /** Replaces an entry by what `change` makes of it, in one step that no other context can come between. */
  readonly update: <Name extends keyof Entries>(
    name: Name,
    change: (held: Entries[Name] | undefined) => Entries[Name],
  ) => Promise<Entries[Name]>;
  readonly remove: (name: keyof Entries) => Promise<void>;
}

/** The storage port. */
export type ClientStorage = EntryStorage<StoredEntries>;

/** Storage for this context's life only. */
export const memoryStorage = (initial: Partial<StoredEntries> = {}): ClientStorage => {
  const held: Record<string, unknown> = { ...initial };
  return {
    isPersistent: () => false,
    read: async <Name extends keyof StoredEntries>(name: Name) => held[name] as StoredEntries[Name] | undefined,
    update: async (name, change) => {
      const next = change(held[name] as Parameters<typeof change>[0]);
      held[name] = next;
      return next;
    },
    remove: async (name) => {
      delete held[name];
    },
  };
};
