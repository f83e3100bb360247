/** Honest customers and attackers against the real binding service, in virtual time, and what came of it. */
import { type Guard, rules } from '@hauberk/binding';
import { between, pick, type Random, seededRandom } from '@hauberk/example-bank';
import type { IssuedToken } from '@hauberk/server';
import { type AppEnd, runApp, type Surroundings, tokenAsk } from './binding-app.ts';
import { attacks, withoutVictim } from './binding-attackers.ts';
import { BindingWorld, type Phone, type Travel } from './binding-world.ts';

/** What a simulation shows. */
export interface BindingReport {
  readonly runs: number;
  readonly honestRuns: number;
  readonly attackerRuns: Readonly<Record<string, number>>;
  /** Runs of an attacker that got a token at all. */
  readonly attackerReachedToken: Readonly<Record<string, number>>;
  /** Runs in which a key of an attacker was bound to the victim's profile, however briefly. */
  readonly wrongBinds: number;
  readonly honestBound: number;
  /** Honest runs that were not bound, by who was in their way. */
  readonly honestDeclinedBy: { readonly attacker: number; readonly network: number; readonly customer: number };
  /** Refusals and ends, by rule, or by reason where no rule has it. */
  readonly declinedByRule: Readonly<Record<string, number>>;
  /** Honest runs that nobody and nothing disturbed. */
  readonly undisturbed: { readonly runs: number; readonly bound: number };
}

/** What to simulate. */
export interface BindingSimulation {
  readonly seed: number;
  readonly runs: number;
  readonly without?: readonly Guard[];
}

/** One run starts so long after the one before, in the mean: a handful is under way at a time. */
const meanGapMs = 8000;
const attackShare = 0.55;
const victimShare = 0.5;
const kinds = Object.keys(attacks);

interface Counts {
  honest: number;
  honestBound: number;
  wrong: number;
  readonly attacked: Map<string, number>;
  readonly reached: Map<string, number>;
  readonly by: { attacker: number; network: number; customer: number };
  readonly calm: { runs: number; bound: number };
  /** Moments at which all clocks or nodes were disturbed. */
  readonly troubledMs: number[];
}

const count = (counts: Map<string, number>, name: string): void => {
  counts.set(name, (counts.get(name) ?? 0) + 1);
};

/** What goes wrong in an honest run by itself. */
type Fault = 'none' | 'network' | 'customer';

const honestTravel = (random: Random, fault: Fault): Travel => ({
  delayMs: fault === 'network' ? between(random, 46_000, 90_000) : between(random, 400, 12_000),
  isLost: fault === 'network' && random() < 0.5,
  // Redelivery harms nobody, so that it is no fault.
  ...(random() < 0.1 ? { againAfterMs: between(random, 50, 20_000) } : {}),
});

const honestSurroundings = (
  world: BindingWorld,
  phone: Phone,
  fault: Fault,
  onToken: (token: IssuedToken) => void,
): Surroundings => {
  const { random } = world;
  return {
    ownSms: (token) => world.carrySms(phone.number, phone.carrier, token, honestTravel(random, fault)),
    reportsDelivery: random() < 0.7,
    readsCodes: true,
    onToken,
    ...(fault === 'customer' ? { leavesAfterMs: between(random, 0, 4000) } : {}),
  };
};

/** Honest customers of iPhones never send, so that nothing of the SMS network can go wrong for them. */
const drawFault = (random: Random, phone: Phone): Fault => {
  const drawn = random();
  if (drawn < 0.05 && phone.platform === 'android') return 'network';
  return drawn < 0.08 ? 'customer' : 'none';
};

class Run {
  readonly world: BindingWorld;
  readonly counts: Counts;
  readonly name: string;
  readonly victim: Phone;
  readonly attackerKeys = new Set<string>();
  readonly attackerAttempts: string[] = [];
  victimToken: IssuedToken | undefined;
  #uses = 0;

  constructor(world: BindingWorld, counts: Counts, index: number) {
    this.world = world;
    this.counts = counts;
    this.name = `customer-${index}`;
    const number = `+9170${String(index).padStart(8, '0')}`;
    this.victim = this.#newPhone('own', number, world.random() < 0.3 ? 'ios' : 'android');
    world.registered.set(this.name, number);
    world.holders.set(number, this.victim);
  }

  #newPhone(label: string, number: string, platform: Phone['platform']): Phone {
    const id = `${this.name}-${label}`;
    const carrier = pick(this.world.random, ['Jio', 'Airtel', 'Vi']);
    return { id, key: `key-${id}`, fingerprint: `print-${id}`, platform, isGenuine: true, number, carrier, inbox: [] };
  }

  #factor() {
    this.#uses += 1;
    return { kind: 'knowledge', channel: 'secret', use: `${this.name}-${this.#uses}` } as const;
  }

  async honest(fault: Fault): Promise<AppEnd> {
    const { world, victim } = this;
    const ask = tokenAsk(victim, this.name, victim.number, this.#factor());
    const onToken = (token: IssuedToken): void => {
      this.victimToken = token;
    };
    return runApp(world, victim, ask, honestSurroundings(world, victim, fault, onToken));
  }

  async attack(kind: string): Promise<void> {
    const { world, victim } = this;
    let hasReached = false;
    const reached = (attempt?: string): void => {
      if (attempt !== undefined) this.attackerAttempts.push(attempt);
      if (!hasReached) count(this.counts.reached, kind);
      hasReached = true;
    };
    const phone = (over: Partial<Phone> = {}): Phone => {
      const index = this.attackerKeys.size;
      const number = `+9160${victim.number.slice(5, -1)}${index}`;
      const made = { ...this.#newPhone(`attacker-${index}`, number, 'android'), ...over };
      this.attackerKeys.add(made.key);
      return made;
    };
    count(this.counts.attacked, kind);
    const story = { world, profile: this.name, victim, victimToken: () => this.victimToken, phone, reached };
    await attacks[kind]?.({ ...story, factor: () => this.#factor() });
  }

  /** A key of the attacker holds the binding, or one of its attempts ever was bound. */
  async isWrong(): Promise<boolean> {
    const scope = { organisation: 'bank', app: 'retail' };
    const [row] = await this.world.store.load(scope, [{ kind: 'binding', id: this.name }]);
    const binding = row?.value as { readonly key: string } | undefined;
    if (binding !== undefined && this.attackerKeys.has(binding.key)) return true;
    return this.attackerAttempts.some((attempt) => this.world.bound.has(attempt));
  }
}

const judgeHonest = (counts: Counts, end: AppEnd, fault: Fault, isAttacked: boolean, isTroubled: boolean): void => {
  counts.honest += 1;
  const isBound = end.end === 'bound';
  if (isBound) counts.honestBound += 1;
  const isCalm = fault === 'none' && !isAttacked && !isTroubled;
  if (isCalm) counts.calm.runs += 1;
  if (isCalm && isBound) counts.calm.bound += 1;
  if (isBound) return;
  if (fault === 'customer') counts.by.customer += 1;
  else if (fault === 'network' || isTroubled) counts.by.network += 1;
  else if (isAttacked) counts.by.attacker += 1;
};

const runStory = async (world: BindingWorld, counts: Counts, index: number): Promise<void> => {
  const { random } = world;
  const run = new Run(world, counts, index);
  const kind = random() < attackShare ? pick(random, kinds) : undefined;
  const needsVictim = kind === 'replayer' || kind === 'response-tamperer';
  const hasVictim = kind === undefined || needsVictim || (!withoutVictim.has(kind) && random() < victimShare);
  const startedMs = world.time.nowMs;
  const fault = drawFault(random, run.victim);
  const [end] = await Promise.all([
    hasVictim ? world.time.sleep(between(random, 0, 5000)).then(() => run.honest(fault)) : undefined,
    kind === undefined ? undefined : world.time.sleep(between(random, 0, 8000)).then(() => run.attack(kind)),
  ]);
  const isTroubled = counts.troubledMs.some((ms) => ms >= startedMs);
  if (end !== undefined) judgeHonest(counts, end, fault, kind !== undefined, isTroubled);
  // What is still under way, an SMS or a report, comes in before the verdict.
  await world.time.sleep(100_000);
  if (await run.isWrong()) counts.wrong += 1;
  world.registered.delete(run.name);
  world.facts.delete(run.victim.number);
  world.holders.delete(run.victim.number);
};

/** Fails over and steps the wall clock every now and then, and drops what has expired. */
const disturb = async (world: BindingWorld, counts: Counts, random: Random, isOver: () => boolean): Promise<void> => {
  for (let turn = 0; !isOver(); turn += 1) {
    await world.time.sleep(between(random, 1_000_000, 3_000_000));
    if (random() < 0.5) world.store.failOver();
    else world.wallOffsetMs += between(random, -3_600_000, 3_600_000);
    counts.troubledMs.push(world.time.nowMs);
    if (counts.troubledMs.length > 8) counts.troubledMs.shift();
    await world.store.purge(world.wallMs as never, Number.POSITIVE_INFINITY);
  }
};

const ruleOrder = new Map<string, number>(rules.map(({ id }, index) => [id, index]));
const sorted = (counts: ReadonlyMap<string, number>): Record<string, number> =>
  Object.fromEntries(
    [...counts].toSorted(
      ([one], [other]) => (ruleOrder.get(one) ?? 99) - (ruleOrder.get(other) ?? 99) || (one < other ? -1 : 1),
    ),
  );

/** Runs a simulation. `onRun` is told of every run that ends. */
export const simulateBinding = async (
  { seed, runs, without = [] }: BindingSimulation,
  onRun: () => void = () => undefined,
): Promise<BindingReport> => {
  const world = new BindingWorld(seed, new Set(without));
  const counts: Counts = {
    honest: 0,
    honestBound: 0,
    wrong: 0,
    attacked: new Map(kinds.map((kind) => [kind, 0])),
    reached: new Map(kinds.map((kind) => [kind, 0])),
    by: { attacker: 0, network: 0, customer: 0 },
    calm: { runs: 0, bound: 0 },
    troubledMs: [],
  };
  let ended = 0;
  const startRuns = async (): Promise<void> => {
    for (let index = 0; index < runs; index += 1) {
      await world.time.sleep(between(world.random, 0, 2 * meanGapMs));
      void runStory(world, counts, index).then(() => {
        ended += 1;
        onRun();
      });
    }
  };
  void startRuns();
  void disturb(world, counts, seededRandom(seed + 1), () => ended === runs);
  await world.time.run();
  return {
    runs: ended,
    honestRuns: counts.honest,
    attackerRuns: sorted(counts.attacked),
    attackerReachedToken: sorted(counts.reached),
    wrongBinds: counts.wrong,
    honestBound: counts.honestBound,
    honestDeclinedBy: counts.by,
    declinedByRule: sorted(world.declined),
    undisturbed: counts.calm,
  };
};

/** Whether a report keeps what is promised. */
export const isAsPromised = ({ runs, wrongBinds, undisturbed, attackerRuns }: BindingReport): boolean =>
  wrongBinds === 0 &&
  undisturbed.bound >= undisturbed.runs * 0.99 &&
  (runs < 1000 || Object.values(attackerRuns).every((each) => each >= runs / 100));
