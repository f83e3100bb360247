/**
 * Binding in the demo: phones with SIMs bind, attackers try. The rules give each customer three attempts and each phone three tokens a day, so the
 * show plays in rounds until the customers' attempts of the day are used up, and then rests.
 */
import { DEMO_CUSTOMERS, type DemoCustomer } from '@hauberk/example-bank';
import type { PhoneKind, SimulatedNetwork } from '@hauberk/simulator';
import { pause } from '../customers.ts';
import type { Tally } from '../tally.ts';
import { type Attacker, attackers } from './attackers.ts';
import { type BindingBoard, type BindingResult, resultLine } from './binding-board.ts';
import { type BindingStage, bindOn, phoneFor } from './sim-phone.ts';
import { byBoundPhone, byOperator, byPasskey, relieved } from './without-sim.ts';

interface Honest {
  readonly kind: string;
  /** How many of the customer's three attempts of a day it uses up. */
  readonly tokens: number;
  readonly run: (stage: BindingStage, customer: DemoCustomer) => Promise<BindingResult>;
}

const bySms =
  (phone: PhoneKind, operator: (network: SimulatedNetwork) => SimulatedNetwork = (network) => network): Honest['run'] =>
  async (stage, customer) =>
    bindOn(await phoneFor(stage, customer, phone, { network: operator(stage.network) }));

/** Carries everything, and reports nothing. */
const withoutReports = (network: SimulatedNetwork): SimulatedNetwork => ({
  ...network,
  send: async (sms) => (await network.send(sms)) && false,
});

/** Honest phones; the second one's network gives no delivery reports, so its app reads a code instead. */
export const honest: readonly Honest[] = [
  { kind: 'android', tokens: 1, run: bySms('android') },
  { kind: 'android, code read', tokens: 1, run: bySms('android-factory', withoutReports) },
  { kind: 'android-strongbox', tokens: 1, run: bySms('android-strongbox') },
  { kind: 'iphone, operator', tokens: 1, run: byOperator },
  { kind: 'tablet, bound phone', tokens: 2, run: byBoundPhone },
  { kind: 'tablet, passkey', tokens: 2, run: byPasskey },
  { kind: 'bound phone, no code', tokens: 1, run: relieved },
];

/** The customer whose number is on the list of disconnected ones. */
export const disconnected: DemoCustomer | undefined = DEMO_CUSTOMERS.at(-1);

/** The customer whose SIM was swapped yesterday. */
export const swapped: DemoCustomer | undefined = DEMO_CUSTOMERS.at(-2);

const isOrdinary = (customer: DemoCustomer): boolean => customer !== disconnected && customer !== swapped;

const attemptsOfDay = 3;
const betweenRoundsMs = 300_000;

/** Who still has attempts today. A customer is lent to one story at a time, for two at once would be in each other's way. */
class Customers {
  readonly #left = new Map(DEMO_CUSTOMERS.filter(isOrdinary).map((each) => [each, attemptsOfDay]));
  readonly #lent = new Set<DemoCustomer>();

  borrow(tokens: number): DemoCustomer | undefined {
    const free = [...this.#left].filter(([each, left]) => left >= tokens && !this.#lent.has(each));
    const [found] = free.toSorted(([, one], [, other]) => other - one);
    if (found === undefined) return undefined;
    this.#left.set(found[0], found[1] - tokens);
    this.#lent.add(found[0]);
    return found[0];
  }

  giveBack(customer: DemoCustomer): void {
    this.#lent.delete(customer);
  }
}

/** What the show needs. */
export interface ShowOptions {
  readonly stage: Omit<BindingStage, 'signal'>;
  readonly board: BindingBoard;
  readonly tally: Tally;
  readonly withAttackers: boolean;
  /** Milliseconds between two stories. */
  readonly pace: number;
}

const playHonest = async (
  { stage, board, tally }: Pick<ShowOptions, 'board' | 'tally'> & { readonly stage: BindingStage },
  customers: Customers,
  { kind, tokens, run }: Honest,
): Promise<void> => {
  const customer = customers.borrow(tokens);
  if (customer === undefined) return;
  try {
    const result = await run(stage, customer);
    if (stage.signal.aborted) return;
    const isBound = result.state === 'bound' || result.state === 'relieved';
    board.note('honest', kind, result, isBound);
    tally.note('phone', `SIM: ${kind}`, resultLine(result), isBound);
  } finally {
    customers.giveBack(customer);
  }
};

const isDeclined = ({ state, rule }: BindingResult, { declinedBy }: Attacker): boolean =>
  state !== 'bound' && state !== 'relieved' && declinedBy.includes(rule);

const playAttacker = async (
  { stage, board, tally }: Pick<ShowOptions, 'board' | 'tally'> & { readonly stage: BindingStage },
  customers: Customers,
  attacker: Attacker,
): Promise<void> => {
  const { kind, tokens, wants, run } = attacker;
  const special = { disconnected, swapped };
  const victim = wants === undefined ? customers.borrow(tokens) : special[wants];
  if (victim === undefined) return;
  try {
    const result = await run(stage, victim);
    if (stage.signal.aborted) return;
    board.note('attacker', kind, result, isDeclined(result, attacker));
    tally.note('attacker', `SIM: ${kind}`, resultLine(result), isDeclined(result, attacker));
  } finally {
    customers.giveBack(victim);
  }
};

type Story = () => Promise<void>;

/** Tells a story; one whose gateway drains, or whose network is gone, is told once more at the end of the round. */
const tellOr = (story: Story, failed: Story[]): Promise<void> => story().catch(() => void failed.push(story));

/** The stories of a round: after each honest phone its share of the attackers. */
const storiesOf = (options: ShowOptions, stage: BindingStage, customers: Customers) => {
  const parts = { ...options, stage };
  const queue = options.withAttackers ? attackers : [];
  const share = Math.ceil(queue.length / honest.length);
  return honest.flatMap((each, index) => [
    { isSlow: false, tell: () => playHonest(parts, customers, each) },
    ...queue
      .slice(index * share, (index + 1) * share)
      .map((attacker) => ({ isSlow: attacker.isSlow === true, tell: () => playAttacker(parts, customers, attacker) })),
  ]);
};

const playRound = async (options: ShowOptions, stage: BindingStage, customers: Customers): Promise<void> => {
  const [slow, failed]: [Promise<void>[], Story[]] = [[], []];
  for (const { isSlow, tell } of storiesOf(options, stage, customers)) {
    if (stage.signal.aborted) return;
    const told = tellOr(tell, failed);
    if (isSlow) slow.push(told);
    else await told;
    await pause(options.pace, stage.signal);
  }
  await Promise.all(slow);
  for (const story of failed) if (!stage.signal.aborted) await tellOr(story, []);
};

/** Waits until the gateway's links are bound: an SMS before that would only wait at the network. */
const untilLinked = async ({ center, links, signal }: BindingStage): Promise<void> => {
  while (!signal.aborted && !Object.values(links).every((link) => center.isBound(link))) await pause(100, signal);
};

/** Starts the show. */
export const showBinding = (options: ShowOptions): { readonly stop: () => Promise<void> } => {
  const ending = new AbortController();
  const stage: BindingStage = { ...options.stage, signal: ending.signal };
  const customers = new Customers();
  const live = async (): Promise<void> => {
    await untilLinked(stage);
    while (!ending.signal.aborted) {
      await playRound(options, stage, customers);
      await pause(betweenRoundsMs, ending.signal);
    }
  };
  const lived = live();
  return {
    stop: async () => {
      ending.abort();
      await lived;
    },
  };
};
