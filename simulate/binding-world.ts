/** A bank with the real binding service, an SMS network, an operator and phones, in virtual time. */
import {
  type BindingPolicy,
  defaultBindingPolicy,
  type Guard,
  type Msisdn,
  type NumberFacts,
  type Platform,
} from '@hauberk/binding';
import { between, type Random, seededRandom } from '@hauberk/example-bank';
import { durationMs, epochMs } from '@hauberk/primitives';
import {
  type BindingService,
  bindingSecrets,
  type InboundAnswer,
  type IssuedToken,
  type MemoryBindingStore,
  memoryBindingStore,
  openBindingService,
} from '@hauberk/server';
import { VirtualTime } from './virtual-time.ts';

/** A phone: what its hardware vouches for, and which SIM is in it. */
export interface Phone {
  readonly id: string;
  readonly key: string;
  readonly fingerprint: string;
  readonly platform: Platform;
  /** The app and the system are what they say; otherwise everything that the client says may be forged. */
  readonly isGenuine: boolean;
  readonly number: string;
  readonly carrier: string;
  /** Codes of our sender that arrived. */
  readonly inbox: string[];
}

/** What became of an SMS that a phone sent, as the phone knows it. */
export type SentState = 'sent' | 'delivered';

/** How an SMS travels. */
export interface Travel {
  readonly delayMs: number;
  readonly isLost?: boolean;
  /** Delivered again so much later, as when our answer was late. */
  readonly againAfterMs?: number;
  readonly link?: string;
  readonly vmn?: string;
}

const start = 1_800_000_000_000;
const vmns: readonly string[] = Array.from({ length: 16 }, (_, index) => `+9190000${String(10_000 + index * 13)}`);

/** The world of all stories. */
export class BindingWorld {
  readonly time: VirtualTime = new VirtualTime();
  readonly store: MemoryBindingStore;
  readonly service: BindingService;
  readonly random: Random;
  /** Number → profile's registered number. */
  readonly registered: Map<string, string> = new Map();
  readonly facts: Map<string, Partial<NumberFacts>> = new Map();
  /** Number → phones with that SIM; a clone or a swap is seen from here. */
  readonly holders: Map<string, Phone> = new Map();
  readonly declined: Map<string, number> = new Map();
  /** Attempts that were bound, by id. */
  readonly bound: Set<string> = new Set();
  wallOffsetMs: number = 0;
  #messages = 0;

  constructor(seed: number, without: ReadonlySet<Guard>, policy: BindingPolicy = defaultBindingPolicy) {
    this.random = seededRandom(seed);
    this.store = memoryBindingStore({
      audit: async (_, { action, subject, facts }) => this.#note(action, subject, facts),
    });
    this.service = this.#open(seed, without, policy);
  }

  #note(action: string, subject: string, facts: Readonly<Record<string, unknown>>): void {
    if (action === 'binding.bound') this.bound.add(subject);
    if (!['binding.declined', 'binding.expired', 'binding.blocked'].includes(action)) return;
    const name = String(facts['rule'] === '' ? facts['code'] : facts['rule']);
    this.declined.set(name, (this.declined.get(name) ?? 0) + 1);
  }

  #open(seed: number, without: ReadonlySet<Guard>, policy: BindingPolicy): BindingService {
    const drawn = seededRandom(seed ^ 0x5bd1e995);
    const opened = openBindingService({
      scope: { organisation: 'bank', app: 'retail' },
      brand: 'Demo Bank',
      policy,
      vmns,
      store: this.store,
      clock: {
        now: () => ({
          wallMs: epochMs(start + this.time.nowMs + this.wallOffsetMs),
          monotonicMs: durationMs(this.time.nowMs),
        }),
      },
      // Seeded, so that a seed repeats everything; a real service draws from the system.
      secrets: {
        ...bindingSecrets(new Uint8Array(32).fill(1)),
        random: (length) => Uint8Array.from({ length }, () => drawn() * 256),
      },
      directory: { registeredNumber: async (profile) => this.registered.get(profile) as Msisdn | undefined },
      numberFacts: { facts: async (number) => this.#factsOf(number) },
      notices: {
        sendCode: async (number, text) => void this.#deliverCode(number, text),
        bindingEnded: async () => undefined,
        alarm: () => undefined,
      },
      links: { isTrusted: (link) => link === 'operator' },
      without,
    });
    if (!opened.ok) throw new Error(`${opened.code} ${opened.detail ?? ''}`);
    return opened.value;
  }

  get wallMs(): number {
    return start + this.time.nowMs + this.wallOffsetMs;
  }

  #factsOf(number: string): NumberFacts {
    const clear: NumberFacts = {
      revocation: { isListed: false, asOfMs: epochMs(this.wallMs) },
      risk: 'low',
      swappedAtMs: 'never',
    };
    return { ...clear, ...this.facts.get(number) };
  }

  async #deliverCode(number: string, text: string): Promise<void> {
    await this.time.sleep(between(this.random, 300, 4000));
    this.holders.get(number)?.inbox.push(/\b\d{8}\b/.exec(text)?.[0] ?? '');
  }

  /** Another VMN of the pool. */
  otherVmn(vmn: string): string {
    return vmns.find((number) => number !== vmn) ?? vmn;
  }

  /** Carries an SMS; answers what the service said to its first delivery, or nothing when it was lost. */
  async carrySms(
    from: string,
    carrier: string,
    token: IssuedToken,
    travel: Travel,
  ): Promise<InboundAnswer | undefined> {
    this.#messages += 1;
    const message = {
      link: travel.link ?? 'operator',
      messageId: `m-${this.#messages}`,
      from,
      to: travel.vmn ?? token.vmn,
      text: token.text,
      carrier: this.random() < 0.2 ? '' : carrier,
    };
    await this.time.sleep(travel.delayMs);
    if (travel.isLost === true) return undefined;
    if (travel.againAfterMs !== undefined) void this.#deliverAgain(message, travel.againAfterMs);
    return this.service.inboundSms(message);
  }

  async #deliverAgain(message: Parameters<BindingService['inboundSms']>[0], afterMs: number): Promise<void> {
    await this.time.sleep(afterMs);
    await this.service.inboundSms(message);
  }

  /** Whether the operator sees this number on the phone's data connection. */
  operatorSees(phone: Phone, number: string): boolean {
    return phone.number === number;
  }
}
