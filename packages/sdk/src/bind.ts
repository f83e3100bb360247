/**
 * Binding a SIM to this device, for every platform: `bind({ hauberk, sim, … })` asks the gateway for a token, has the phone send it, answers what
 * the gateway asks next and confirms. The outcome is the gateway's; what is told here only shows it.
 */
import { endpoint } from '@hauberk/channel/client';
import type { Hauberk } from './core/hauberk.ts';

/** What the phone's native half says of SIM and network, read at that moment. */
export interface SimState {
  readonly sim: 'present' | 'absent' | 'unknown';
  readonly airplane: 'off' | 'on' | 'unknown';
  readonly path: 'cellular' | 'wifi' | 'unknown';
  /** iOS: a request over the cellular path came through. */
  readonly cellularWorks: boolean;
  readonly slot?: number;
  readonly slotCarrier?: string;
  /** Names the SIM's subscription; another one later means that the SIM changed. */
  readonly subscription?: string;
}

/** How the session was left. */
export type Leaving = 'left' | 'charge-notice' | 'airplane-mode' | 'sim-missing';

/** What became of sending: `awayMs` is how long the composer of iOS had the screen. */
export type SmsSending = { readonly sent: boolean; readonly awayMs?: number };

/** The phone's native half, as far as binding needs it (docs/native-bridge.md). */
export interface SimHost {
  readonly state: () => Promise<SimState>;
  /** Sends the text unchanged: Android by itself, iOS through the composer. */
  readonly sendSms: (message: {
    readonly to: string;
    readonly text: string;
    readonly slot?: number;
  }) => Promise<SmsSending>;
  /** What the phone knows of that message: `delivered` only on the network's own report. */
  readonly sentItem: (message: {
    readonly to: string;
    readonly text: string;
  }) => Promise<'delivered' | 'sent' | 'absent'>;
  /** The one-time code as the app itself read it; undefined where the platform lets no app read any. */
  readonly readCode: () => Promise<string | undefined>;
  /** Tells of a left session; answers how to stop telling. */
  readonly onLeaving: (tell: (how: Leaving) => void) => () => void;
}

/** What a binding is asked with. */
export interface BindOptions {
  readonly hauberk: Pick<Hauberk, 'fetch'>;
  readonly sim: SimHost;
  /** As the customer typed it; the gateway compares it with the registered one. */
  readonly number: string;
  /** `Authorization` of the login. */
  readonly authorization?: string;
  readonly app: number;
  readonly system: { readonly family: string; readonly version: number; readonly patchLevel: number };
  /** Stable for this device and app, 1 to 128 characters. */
  readonly fingerprint: string;
  /** Consent to end the binding of another device. */
  readonly replaces?: boolean;
  /** Between two looks at where the attempt stands. Milliseconds; 1000 when absent. */
  readonly pollMs?: number;
  readonly signal?: AbortSignal;
}

/** What came of it. `rule` is the rule of docs/binding.md that decided. */
export type BindOutcome =
  | { readonly state: 'bound' }
  | { readonly state: 'declined' | 'expired' | 'blocked'; readonly code: string; readonly rule: string | undefined }
  | { readonly state: 'failed'; readonly code: string };

/** Where an attempt stands, as the gateway says it. */
interface Told {
  readonly state: string;
  readonly next: string;
  readonly code: string;
  readonly rule: string | undefined;
  readonly attempt: string;
  readonly vmn: string;
  readonly text: string;
}

const textIn = (members: Readonly<Record<string, unknown>>, name: string): string => {
  const value = members[name];
  return typeof value === 'string' ? value : '';
};

const readTold = (value: unknown): Told | undefined => {
  if (typeof value !== 'object' || value === null) return undefined;
  const members = value as Readonly<Record<string, unknown>>;
  const rule = textIn(members, 'rule');
  return {
    state: textIn(members, 'state'),
    next: textIn(members, 'next'),
    code: textIn(members, 'code'),
    rule: rule === '' ? undefined : rule,
    attempt: textIn(members, 'attempt'),
    vmn: textIn(members, 'vmn'),
    text: textIn(members, 'text'),
  };
};

/** The gateway did not answer with the state of an attempt. */
class NotTold extends Error {
  override readonly name = 'NotTold';
}

const callGateway = async (
  { hauberk, authorization, signal }: BindOptions,
  members: Readonly<Record<string, unknown>>,
): Promise<Told> => {
  const headers = { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) };
  const body = JSON.stringify(members);
  const reply = await hauberk.fetch(endpoint.bind, { method: 'POST', headers, body, ...(signal ? { signal } : {}) });
  const told: unknown = await reply.json();
  const read = readTold(told);
  if (reply.status === 200 && read !== undefined) return read;
  throw new NotTold(read?.code === undefined || read.code === '' ? `status-${reply.status}` : read.code);
};

const isEnd = ({ state }: Told): boolean => ['declined', 'expired', 'blocked', 'bound'].includes(state);

const outcomeOf = ({ state, code, rule }: Told): BindOutcome => {
  if (state === 'bound') return { state };
  if (state === 'expired' || state === 'blocked') return { state, code, rule };
  return { state: 'declined', code, rule };
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The attempt that is under way. */
interface Run {
  readonly options: BindOptions;
  readonly attempt: string;
  readonly message: { readonly to: string; readonly text: string };
}

const later = ({ options, attempt }: Run, members: Readonly<Record<string, unknown>>): Promise<Told> =>
  callGateway(options, { ...members, attempt });

/** Answers one move; what needs time waits first. */
const answerMove = async (run: Run, next: string): Promise<Told> => {
  const { sim, pollMs = 1000 } = run.options;
  switch (next) {
    case 'check-sent-item':
      return later(run, { do: 'sent-item', state: await sim.sentItem(run.message) });
    case 'poll-sent-item':
      await pause(pollMs);
      return later(run, { do: 'sent-item', state: await sim.sentItem(run.message) });
    case 'await-code':
      return later(run, { do: 'ask-code' });
    case 'read-code': {
      const code = await sim.readCode();
      return later(run, code === undefined ? { do: 'no-code' } : { do: 'code', code, isRead: true });
    }
    case 'confirm':
      return later(run, { do: 'confirm' });
    default:
      await pause(pollMs);
      return later(run, { do: 'status' });
  }
};

const sendToken = async (run: Run, slot: number | undefined): Promise<Told> => {
  const sending = await run.options.sim.sendSms({ ...run.message, ...(slot === undefined ? {} : { slot }) });
  if (!sending.sent) return later(run, { do: 'left', how: 'left' });
  return sending.awayMs === undefined
    ? later(run, { do: 'status' })
    : later(run, { do: 'composer', awayMs: sending.awayMs });
};

const drive = async (run: Run, slot: number | undefined): Promise<BindOutcome> => {
  const leavings: Leaving[] = [];
  const stop = run.options.sim.onLeaving((how) => leavings.push(how));
  try {
    let told = await sendToken(run, slot);
    while (!isEnd(told)) {
      const how = leavings.shift();
      told = await (how === undefined ? answerMove(run, told.next) : later(run, { do: 'left', how }));
    }
    return outcomeOf(told);
  } finally {
    stop();
  }
};

/**
 * Binds this device to the SIM in it. Ends within the gateway's timer (45 s at most), since the gateway then says `expired`. Never throws for
 * what the gateway refuses; a network that fails, or a login that is missing, is `failed` with its code.
 */
export const bind = async (options: BindOptions): Promise<BindOutcome> => {
  try {
    const { sim, number, app, system, fingerprint, replaces = false } = options;
    const { subscription: _kept, ...evidence } = await sim.state();
    const { slot, slotCarrier: carrier } = evidence;
    const asked = { do: 'start', number, app, system, fingerprint, replaces, carrier, slot, evidence };
    const started = await callGateway(options, asked);
    if (started.state !== 'issued') return outcomeOf(started);
    const run = { options, attempt: started.attempt, message: { to: started.vmn, text: started.text } };
    return await drive(run, slot);
  } catch (error) {
    if (error instanceof NotTold) return { state: 'failed', code: error.message };
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    return { state: 'failed', code };
  }
};

/** Tells the gateway that the SIM under this bound device changed: its binding and logins end. */
export const tellSimChanged = async (options: Pick<BindOptions, 'hauberk' | 'authorization'>): Promise<boolean> => {
  const { hauberk, authorization } = options;
  const headers = { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) };
  const reply = await hauberk.fetch(endpoint.bind, { method: 'POST', headers, body: '{"do":"sim-changed"}' });
  return reply.status === 200;
};
