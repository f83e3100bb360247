/** How the app reaches the bank: bare, or through Hauberk. The rest of the app only sees a `fetch` and a status to show. */
import type { HauberkTrust } from '../bank-api.ts';
import type { FetchLike } from './api.ts';
import type { Outbox } from './outbox.ts';

/** What the status line shows. */
export interface ProtectionStatus {
  readonly isProtected: boolean;
  /** Start of the session's id; `null` while there is none. */
  readonly session: string | null;
  /** How far the device key is trusted, for example `software`. */
  readonly tier: string | null;
  /** How the last request travelled. */
  readonly mode: 'sealed' | 'signed' | 'plain' | null;
  /** What became of the last request, for example `allowed` or a refusal's code. */
  readonly lastDecision: string | null;
}

/** A way to the bank. */
export interface Connection {
  readonly fetch: FetchLike;
  /** Where payments wait for the network; `null` without protection, for a plain request may be paid twice. */
  readonly outbox: Outbox | null;
  status(): ProtectionStatus;
  /** Calls back on every change of the status. */
  onStatus(listener: () => void): void;
  /** Lets the protection forget who was logged in. */
  logOut(): Promise<void>;
}

/** Asks the bank how to talk to it; `null` when it stands alone. */
export async function loadTrust(): Promise<HauberkTrust | null> {
  const response = await fetch('/hauberk-trust.json', { cache: 'no-store' });
  return response.ok ? ((await response.json()) as HauberkTrust) : null;
}

/** The plain way, without any protection. */
export function bareConnection(): Connection {
  const status: ProtectionStatus = { isProtected: false, session: null, tier: null, mode: 'plain', lastDecision: null };
  return {
    fetch: (input, init) => fetch(input, init),
    outbox: null,
    status: () => status,
    onStatus: () => undefined,
    logOut: () => Promise.resolve(),
  };
}
