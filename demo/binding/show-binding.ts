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

interface Honest {
  readonly kind: string;
  readonly phone: PhoneKind;
  /** Its operator, over that of the demo. */
  readonly operator?: (network: SimulatedNetwork) => SimulatedNetwork;
}

/** Carries everything, and reports nothing. */
const withoutReports = (network: SimulatedNetwork): SimulatedNetwork => ({
  ...network,
  send: async (sms) => (await network.send(sms)) && false,
});

/** Honest phones; the second one's network gives no delivery reports, so its app reads a code instead. */
export const honest: readonly Honest[] = [
  { kind: 'android', phone: 'android' },
  { kind: 'android, code read', phone: 'android-factory', operator: withoutReports },
  { kind: 'android-strongbox', phone: 'android-strongbox' },
];

/** The customer whose number is on the list of disconnected ones. */
export const disconnected: DemoCustomer | undefined = DEMO_CUSTOMERS.at(-1);

const attemptsOfDay = 3;
const betweenMs = 700;
const betweenRoundsMs = 300_000;

/** Who still has attempts today. A customer is lent to one story at a time, for two at once would be in each other's way. */
class Customers {
  readonly #left = new Map(DEMO_CUSTOMERS.filter((each) => each !== disconnected).map((each) => [each, attemptsOfDay]));
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
}

const playHonest = async (
  { stage, board, tally }: Pick<ShowOptions, 'board' | 'tally'> & { readonly stage: BindingStage },
  customers: Customers,
  { kind, phone, operator = (network) => network }: Honest,
): Promise<void> => {
  const customer = customers.borrow(1);
  if (customer === undefined) return;
  try {
    const network = operator(stage.network);
    const result = await bindOn(await phoneFor(stage, customer, phone, { network }));
    if (stage.signal.aborted) return;
    const isBound = result.state === 'bound';
    board.note('honest', kind, result, isBound);
    tally.note('phone', `${kind} binds`, resultLine(result), isBound);
  } finally {
    customers.giveBack(customer);
  }
};

const isDeclined = ({ state, rule }: BindingResult, { declinedBy }: Attacker): boolean =>
  state !== 'bound' && declinedBy.includes(rule);

const playAttacker = async (
  { stage, board, tally }: Pick<ShowOptions, 'board' | 'tally'> & { readonly stage: BindingStage },
  customers: Customers,
  attacker: Attacker,
): Promise<void> => {
  const { kind, tokens, wants, run } = attacker;
  const victim = wants === 'disconnected' ? disconnected : customers.borrow(tokens);
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
    await pause(betweenMs, stage.signal);
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
