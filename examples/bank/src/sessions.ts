/** Logins: password first, one-time code second. A credential lives in memory only and dies with the process. */
import { scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { DEMO_CUSTOMERS, type DemoCustomer } from './customers.ts';

/** A credential's meaning. */
export interface Session {
  readonly authorization: string;
  readonly customer: DemoCustomer;
  /** Whether the one-time code was given. */
  readonly complete: boolean;
  readonly expiresAtMs: number;
}

/** A session that waits for its code. */
export interface HalfLogin {
  readonly session: Session;
  readonly code: string;
}

interface Pending {
  readonly code: string;
  readonly expiresAtMs: number;
  triesLeft: number;
}

const SESSION_MS = 30 * 60_000;
const CODE_MS = 2 * 60_000;
const CODE_TRIES = 3;
/** Demo-sized cost: the passwords are printed in the source, and the attack suite logs in hundreds of times. */
const SCRYPT = { N: 1024, r: 8, p: 1 } as const;
const deriveKey = promisify<string, string, number, typeof SCRYPT, Buffer>(scrypt);
const hashPassword = (username: string, password: string): Promise<Buffer> =>
  deriveKey(password, `demo-bank/${username}`, 32, SCRYPT);

/** All live credentials. */
export class Sessions {
  readonly #now: () => number;
  readonly #random: (length: number) => Uint8Array;
  readonly #passwords: ReadonlyMap<string, { customer: DemoCustomer; hash: Buffer }>;
  readonly #sessions = new Map<string, Session>();
  readonly #pending = new Map<string, Pending>();

  private constructor(
    now: () => number,
    random: (length: number) => Uint8Array,
    passwords: ReadonlyMap<string, { customer: DemoCustomer; hash: Buffer }>,
  ) {
    this.#now = now;
    this.#random = random;
    this.#passwords = passwords;
  }

  /** Hashes the demo customers' passwords, once. */
  static async prepare(now: () => number, random: (length: number) => Uint8Array): Promise<Sessions> {
    const passwords = await Promise.all(
      DEMO_CUSTOMERS.map(async (customer) => {
        const hash = await hashPassword(customer.username, customer.password);
        return [customer.username, { customer, hash }] as const;
      }),
    );
    return new Sessions(now, random, new Map(passwords));
  }

  /** First step. An unknown name costs as much time as a wrong password. */
  async begin(username: string, password: string): Promise<HalfLogin | null> {
    const known = this.#passwords.get(username);
    const offered = await hashPassword(username, password);
    if (known === undefined || !timingSafeEqual(offered, known.hash)) return null;
    const session = this.#issue(known.customer, false);
    const code = String(Buffer.from(this.#random(4)).readUInt32BE() % 1_000_000).padStart(6, '0');
    this.#pending.set(session.authorization, { code, expiresAtMs: this.#now() + CODE_MS, triesLeft: CODE_TRIES });
    return { session, code };
  }

  /** Second step: a code works once, for two minutes, with three tries. The credential changes, so a planted one is worthless. */
  complete(session: Session, code: string): Session | null {
    const pending = this.#pending.get(session.authorization);
    if (pending === undefined || pending.expiresAtMs <= this.#now() || pending.triesLeft <= 0) return null;
    pending.triesLeft -= 1;
    if (pending.code !== code) return null;
    this.end(session);
    return this.#issue(session.customer, true);
  }

  /** The session that this `authorization` header names. */
  find(authorization: string | undefined): Session | undefined {
    if (authorization === undefined) return undefined;
    const session = this.#sessions.get(authorization);
    if (session === undefined || session.expiresAtMs > this.#now()) return session;
    this.end(session);
    return undefined;
  }

  /** Forgets the credential. */
  end(session: Session): void {
    this.#sessions.delete(session.authorization);
    this.#pending.delete(session.authorization);
  }

  /** All sessions live equally long, so the map's insertion order is the order of their ends. */
  #sweep(): void {
    for (const session of this.#sessions.values()) {
      if (session.expiresAtMs > this.#now()) return;
      this.end(session);
    }
  }

  #issue(customer: DemoCustomer, complete: boolean): Session {
    this.#sweep();
    const authorization = `Bearer ${Buffer.from(this.#random(24)).toString('base64url')}`;
    const session = { authorization, customer, complete, expiresAtMs: this.#now() + SESSION_MS };
    this.#sessions.set(authorization, session);
    return session;
  }
}
