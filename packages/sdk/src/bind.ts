/**
 * Binding a SIM to this device, for every platform: `bind({ hauberk, sim, … })` asks the gateway for a token, has the phone send it, answers what
 * the gateway asks next and confirms. The outcome is the gateway's; what is told here only shows it.
 */
import {
  callGateway,
  clock,
  codeOf,
  isEnd,
  NotTold,
  outcomeOf,
  type Run,
  type Told,
  unlessCancelled,
} from './bind/attempt.ts';
import { answerMove, sendToken, tellNews } from './bind/moves.ts';
import type { BindCaller, BindOptions, BindOutcome } from './bind/options.ts';
import { burn, keptAfter, settle, writeShelf } from './bind/shelf.ts';
import type { SimSlot, SimState } from './trusted/sim-contract.ts';

export type { BindCaller, BindOptions, BindOutcome, BindShelf } from './bind/options.ts';
export { checkSim, type SimCheck, tellSimChanged } from './bind/sim-check.ts';
export type { SimBackend } from './trusted/backend.ts';
export type { SentState, SimEvent, SimEventKind, SimSlot, SimState } from './trusted/sim-contract.ts';

/** What was found on the phone before anything is asked for. */
interface Ground {
  readonly state: SimState;
  readonly slot: SimSlot | undefined;
  readonly methods: readonly string[];
  readonly lastEvent: number;
}

const chooseSlot = async ({ chooseSlot: choose }: BindOptions, { slots }: SimState): Promise<SimSlot | undefined> => {
  if (choose === undefined || slots.length < 2) return slots[0];
  const chosen = await choose(slots);
  const slot = slots.find((each) => each.slot === chosen);
  if (slot === undefined) throw new NotTold('user-cancelled', 0);
  return slot;
};

const lookAround = async (options: BindOptions): Promise<Ground> => {
  const { sim } = options;
  const { methods } = await sim.hello({ versions: [1, 2] });
  // Events count from before the state was read: what happens between the two is not missed.
  const { last } = await sim.simEvents({});
  const state = await sim.simState({});
  return { state, slot: await chooseSlot(options, state), methods, lastEvent: last };
};

const start = (options: BindOptions, { state, slot }: Ground): Promise<Told> => {
  const { number, app, system, fingerprint, replaces = false, signal } = options;
  const { slots: _kept, ...seen } = state;
  const named = slot === undefined ? {} : { slot: slot.slot, slotCarrier: slot.carrier };
  const evidence = { ...seen, ...named };
  const sim = { carrier: slot?.carrier, slot: slot?.slot, subscription: slot?.subscription };
  const asked = { number, app, system, fingerprint, replaces, ...sim, evidence };
  return callGateway(options, { do: 'start', ...asked }, signal);
};

/** B11. */
const longestMs = 45_000;

const runOf = (options: BindOptions, told: Told, { slot, methods, lastEvent }: Ground): Run => ({
  options,
  attempt: told.attempt,
  message: { to: told.vmn, text: told.text },
  slot: slot?.slot,
  // The rules allow no more; what says otherwise, or nothing, is not the gateway's word.
  endsAt: clock() + (told.expiresInMs <= longestMs ? told.expiresInMs : longestMs),
  methods,
  lastEvent,
  move: '',
  reading: undefined,
});

/** Nothing is said to the gateway before it was said what happened meanwhile. */
const drive = async (run: Run): Promise<BindOutcome> => {
  let told = await sendToken(run);
  while (!isEnd(told)) {
    run.options.signal?.throwIfAborted();
    told = (await tellNews(run)) ?? (await answerMove(run, told.next));
  }
  return outcomeOf(told);
};

const failed = ({ signal }: Pick<BindOptions, 'signal'>, error: unknown): BindOutcome =>
  signal?.aborted === true || codeOf(error) === 'user-cancelled'
    ? { state: 'cancelled' }
    : { state: 'failed', code: codeOf(error) };

const attemptOnce = async (options: BindOptions): Promise<BindOutcome> => {
  const ground = await unlessCancelled(lookAround(options), options.signal);
  const started = await start(options, ground);
  if (started.state !== 'issued') return outcomeOf(started);
  const { attempt } = started;
  const subscription = ground.slot?.subscription;
  try {
    await writeShelf(options, { attempt, subscription });
    const outcome = await drive(runOf(options, started, ground));
    await writeShelf(options, keptAfter(outcome, subscription));
    return outcome;
  } catch (error) {
    await burn(options, attempt);
    return failed(options, error);
  }
};

/**
 * Binds this device to the SIM in it. Ends within the gateway's timer (45 s at most), since the gateway then says `expired`. Never throws: what
 * the gateway refuses is `declined`, a phone, network or login that fails is `failed` with its code. Asks the phone for nothing while no hardware
 * vouches for the device.
 */
export const bind = async (options: BindOptions): Promise<BindOutcome> => {
  try {
    options.signal?.throwIfAborted();
    const { tier } = await unlessCancelled(options.hauberk.connect(), options.signal);
    if (tier === 0) return { state: 'declined', code: 'binding.not-attested', rule: undefined };
    const settled = await settle(options);
    return settled?.state === 'bound' ? settled : await attemptOnce(options);
  } catch (error) {
    return failed(options, error);
  }
};

/**
 * What became of the attempt that an app kill cut short, at the next start with a login; undefined when none was under way. One that was not
 * confirmed yet ends with it: leaving the session burns its token.
 */
export const resumeBind = async (caller: BindCaller): Promise<BindOutcome | undefined> => {
  try {
    return await settle(caller);
  } catch (error) {
    return failed({}, error);
  }
};
