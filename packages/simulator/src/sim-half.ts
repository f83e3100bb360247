/** The SIM half of a simulated phone: what binding asks over the native bridge, on an honest phone or one whose holder lies. */
import { type SentState, type SimBackend, type SimEventKind, type SimState, TrustedError } from '@hauberk/sdk/trusted';
import type { SimCard, SimulatedNetwork } from './sim-network.ts';
import type { SimTrick } from './sim-tricks.ts';

/** How the user answers the system when the app wants SMS and SIM. */
export type SimPermission = 'granted' | 'denied' | 'blocked';

/** What a test does to the phone and its user. */
export interface SimControls {
  readonly insert: (card: SimCard, slot?: number) => void;
  readonly remove: (slot?: number) => void;
  readonly airplane: (isOn: boolean) => void;
  /** Where requests go; `cellular` until told. */
  readonly path: (path: SimState['path']) => void;
  /** The user leaves the app; `charge-notice` is the system's own question. */
  readonly leave: (how?: 'left' | 'charge-notice') => void;
  readonly permission: (answer: SimPermission) => void;
  /** What the user does in the composer of iOS, and how long it takes; `send` after 1,800 ms until told. */
  readonly composer: (answer: 'send' | 'cancel', awayMs?: number) => void;
  /** Whether the user lets the app read the message with the code; true until told. */
  readonly consent: (isGiven: boolean) => void;
  /** Whether the radio takes SMS; true until told. */
  readonly radio: (isUp: boolean) => void;
  /** An SMS from this SIM that is not the app's: the user forwards something, or malware sends. True when it was acknowledged. */
  readonly sendBeside: (to: string, text: string) => Promise<boolean>;
  /** A message that malware on another phone passes on; read where the trick `stolen-codes` is. */
  readonly passOn: (text: string) => void;
  /** Texts that the app wanted to send, oldest first. */
  readonly outbox: () => readonly string[];
  /** Texts that came, oldest first. */
  readonly inbox: () => readonly string[];
  /** Kills the app's process: what waits is lost, and events are counted anew. */
  readonly kill: () => void;
}

/** A SIM half. */
export interface SimHalf {
  readonly backend: Partial<Omit<SimBackend, 'hello'>>;
  readonly controls: SimControls;
}

/** How it is made. */
export interface SimHalfOptions {
  readonly platform: 'android' | 'ios' | 'harmony';
  readonly network: SimulatedNetwork;
  readonly cards: readonly SimCard[];
  readonly tricks: ReadonlySet<SimTrick>;
}

const keptEvents = 64;
let subscriptions = 0;

interface Held extends SimCard {
  readonly subscription: string;
  readonly takeOut: () => void;
}

interface Sent {
  readonly to: string;
  readonly text: string;
  readonly slot: number;
  state: SentState;
}

interface Reading {
  readonly digits: number;
  readonly take: (code: string) => void;
  readonly fail: (error: TrustedError) => void;
}

class Half {
  readonly #options: SimHalfOptions;
  readonly #cards = new Map<number, Held>();
  readonly #sent: Sent[] = [];
  readonly #inbox: string[] = [];
  readonly #outbox: string[] = [];
  #events: { readonly number: number; readonly what: SimEventKind }[] = [];
  #lastEvent = 0;
  #reading: Reading | undefined;
  #airplane = false;
  #path: SimState['path'] = 'cellular';
  #permission: SimPermission = 'granted';
  #composer: { readonly answer: 'send' | 'cancel'; readonly awayMs: number } = { answer: 'send', awayMs: 1800 };
  #consent = true;
  #radio = true;

  constructor(options: SimHalfOptions) {
    this.#options = options;
    for (const [slot, card] of options.cards.entries()) this.#put(card, slot);
  }

  #put(card: SimCard, slot: number): void {
    subscriptions += 1;
    const { subscription = `subscription-${subscriptions}` } = card;
    const takeOut = this.#options.network.attach(card.number, (text) => this.#receive(text));
    this.#cards.set(slot, { ...card, subscription, takeOut });
  }

  #tell(what: SimEventKind): void {
    this.#lastEvent += 1;
    this.#events = [...this.#events, { number: this.#lastEvent, what }].slice(-keptEvents);
  }

  #receive(text: string): void {
    if (this.#airplane) return;
    this.#inbox.push(text);
    this.#read(text);
  }

  #read(text: string): void {
    const reading = this.#reading;
    const [run, ...more] = text.match(/\d+/g)?.filter(({ length }) => length === reading?.digits) ?? [];
    if (reading === undefined || run === undefined || more.length > 0) return;
    this.#reading = undefined;
    if (this.#consent) reading.take(run);
    else reading.fail(new TrustedError('user-cancelled'));
  }

  /** The system asks the user once; a second no means settings. */
  #demand(): void {
    if (this.#permission === 'blocked') throw new TrustedError('permission-blocked');
    if (this.#permission === 'denied') throw new TrustedError('permission-denied');
  }

  #radioWorks(): boolean {
    return this.#cards.size > 0 && !this.#airplane && this.#radio;
  }

  #state(): SimState {
    const { platform, tricks } = this.#options;
    const isLie = tricks.has('forged-sim');
    const slots = [...this.#cards].map(([slot, { carrier, subscription }]) =>
      carrier === undefined ? { slot, subscription } : { slot, subscription, carrier },
    );
    const seen = this.#cards.size > 0 ? 'present' : 'absent';
    return {
      sim: platform === 'ios' ? 'unknown' : isLie ? 'present' : seen,
      airplane: this.#airplane && !isLie ? 'on' : 'off',
      path: isLie ? 'cellular' : this.#path,
      cellularWorks: isLie || this.#radioWorks(),
      slots: platform === 'ios' ? [] : slots,
    };
  }

  #card(slot: number | undefined): readonly [number, Held] | undefined {
    return [...this.#cards].find(([at]) => slot === undefined || at === slot);
  }

  /** Hands an SMS to the network; the report comes when it comes. */
  #send(slot: number, { number }: SimCard, to: string, text: string): void {
    const item: Sent = { to, text, slot, state: 'sent' };
    this.#sent.push(item);
    if (this.#options.tricks.has('unsent-sms')) return;
    void this.#options.network.send({ from: number, to, text }).then((isDelivered) => {
      if (isDelivered) item.state = 'delivered';
    });
  }

  async #sendSms(to: string, text: string, slot: number | undefined): Promise<{ readonly awayMs?: number }> {
    const { platform, tricks } = this.#options;
    if (platform === 'android') this.#demand();
    this.#outbox.push(text);
    const { answer, awayMs } = this.#composer;
    if (platform === 'ios' && answer === 'cancel') throw new TrustedError('user-cancelled');
    const found = this.#card(slot);
    if (found !== undefined && this.#radioWorks()) this.#send(found[0], found[1], to, text);
    // Who keeps the SMS from leaving needs no radio.
    else if (!tricks.has('unsent-sms')) throw new TrustedError('sms-failed');
    if (platform !== 'ios') return {};
    return { awayMs: tricks.has('rewound-composer') ? 900 : awayMs };
  }

  #sentItem(to: string, text: string): { readonly state: SentState; readonly slot?: number } {
    if (this.#options.tricks.has('hooked-sent-items')) return { state: 'delivered' };
    const item = this.#sent.findLast((each) => each.to === to && each.text === text);
    return item === undefined ? { state: 'absent' } : { state: item.state, slot: item.slot };
  }

  #readOtp(digits: number, waitMs: number): Promise<{ readonly code: string }> {
    const gone = new TrustedError('code-unavailable');
    this.#reading?.fail(gone);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reading.fail(gone), waitMs);
      const reading: Reading = {
        digits,
        take: (code) => {
          clearTimeout(timer);
          resolve({ code });
        },
        fail: (error) => {
          clearTimeout(timer);
          if (this.#reading === reading) this.#reading = undefined;
          reject(error);
        },
      };
      this.#reading = reading;
    });
  }

  #eventsAfter(after: number | undefined) {
    const { tricks } = this.#options;
    const last = this.#lastEvent;
    if (after === undefined || tricks.has('hidden-lifecycle')) return { events: [], last };
    // A caller that counts further than this process was there before a kill, which is a way of leaving; so are events that are forgotten.
    const oldest = this.#events[0]?.number ?? last + 1;
    if (after > last || after < oldest - 1) return { events: [{ number: last, what: 'left' as const }], last };
    return { events: this.#events.filter(({ number }) => number > after), last };
  }

  get backend(): Partial<Omit<SimBackend, 'hello'>> {
    const { platform } = this.#options;
    // Apps of HarmonyOS may neither send SMS by themselves nor read any.
    if (platform === 'harmony') return {};
    const common: Partial<Omit<SimBackend, 'hello'>> = {
      simState: async () => {
        if (platform === 'android') this.#demand();
        return this.#state();
      },
      sendSms: ({ to, text, slot }) => this.#sendSms(to, text, slot),
      simEvents: async ({ after }) => this.#eventsAfter(after),
    };
    if (platform === 'ios') return common;
    return {
      ...common,
      sentItem: async ({ to, text }) => this.#sentItem(to, text),
      readOtp: ({ digits, waitMs }) => this.#readOtp(digits, waitMs),
    };
  }

  readonly controls: SimControls = {
    insert: (card, slot = 0) => {
      const was = this.#cards.get(slot);
      was?.takeOut();
      this.#put(card, slot);
      this.#tell('sim-changed');
    },
    remove: (slot = 0) => {
      this.#cards.get(slot)?.takeOut();
      if (this.#cards.delete(slot)) this.#tell('sim-missing');
    },
    airplane: (isOn) => {
      this.#airplane = isOn;
      if (isOn) this.#tell('airplane-mode');
    },
    path: (path) => {
      this.#path = path;
    },
    leave: (how = 'left') => this.#tell(how),
    permission: (answer) => {
      this.#permission = answer;
    },
    composer: (answer, awayMs = 1800) => {
      this.#composer = { answer, awayMs };
    },
    consent: (isGiven) => {
      this.#consent = isGiven;
    },
    radio: (isUp) => {
      this.#radio = isUp;
    },
    sendBeside: async (to, text) => {
      const [, card] = this.#card(undefined) ?? [];
      return card !== undefined && this.#radioWorks() && this.#options.network.send({ from: card.number, to, text });
    },
    passOn: (text) => {
      if (this.#options.tricks.has('stolen-codes')) this.#read(text);
    },
    outbox: () => this.#outbox,
    inbox: () => this.#inbox,
    kill: () => {
      this.#reading?.fail(new TrustedError('code-unavailable'));
      this.#events = [];
      this.#lastEvent = 0;
    },
  };
}

/** Makes one. */
export const simHalf = (options: SimHalfOptions): SimHalf => {
  const { backend, controls } = new Half(options);
  return { backend, controls };
};
