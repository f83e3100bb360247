/** One attempt as the app sees it: calls to the gateway that outlast a weak network, and what their answers say. */
import { endpoint } from '@hauberk/channel/client';
import type { BindCaller, BindOptions, BindOutcome } from './options.ts';

/** Where an attempt stands, as the gateway says it. */
export interface Told {
  readonly state: string;
  readonly next: string;
  readonly code: string;
  readonly rule: string | undefined;
  readonly attempt: string;
  readonly vmn: string;
  readonly text: string;
  readonly expiresInMs: number;
}

/** Members of a call. */
export type BindCall = Readonly<Record<string, unknown>> & { readonly do: string };

/** The attempt that is under way. */
export interface Run {
  readonly options: BindOptions;
  readonly attempt: string;
  readonly message: { readonly to: string; readonly text: string };
  readonly slot: number | undefined;
  /** By `clock`: from then on the gateway calls the attempt expired. */
  readonly endsAt: number;
  /** Methods that the phone has. */
  readonly methods: readonly string[];
  /** Number of the last lifecycle event that was seen. */
  lastEvent: number;
  /** The move that was answered last. */
  move: string;
  /** The code that is being waited for. */
  reading: Promise<string | undefined> | undefined;
}

/** Milliseconds that never go back, where the host has such a clock. */
export const clock = (): number => (typeof performance === 'undefined' ? Date.now() : performance.now());

/** Ends with an abort of the signal, whatever becomes of the work. */
export const unlessCancelled = async <Value>(work: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> => {
  if (signal === undefined) return work;
  signal.throwIfAborted();
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (stop !== undefined) signal.removeEventListener('abort', stop);
  }
};

/** Waits. */
export const pause = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  unlessCancelled(new Promise((resolve) => setTimeout(resolve, ms)), signal);

/** The gateway did not answer with the state of an attempt. */
export class NotTold extends Error {
  readonly code: string;
  /** Nothing was decided, and the same call may be answered later. */
  readonly isPassing: boolean;
  constructor(code: string, status: number) {
    super(code);
    this.code = code;
    this.isPassing = status >= 500 || status === 429;
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const readTold = (value: unknown): Told | undefined => {
  if (typeof value !== 'object' || value === null) return undefined;
  const { state, next, code, rule, attempt, vmn, text, expiresInMs } = value as Readonly<Record<string, unknown>>;
  return {
    state: textOf(state),
    next: textOf(next),
    code: textOf(code),
    rule: textOf(rule) === '' ? undefined : textOf(rule),
    attempt: textOf(attempt),
    vmn: textOf(vmn),
    text: textOf(text),
    expiresInMs: Number(expiresInMs),
  };
};

/** Calls the gateway once. Throws `NotTold` for what is no state of an attempt, and what `fetch` throws. */
export const callGateway = async (
  { hauberk, authorization }: BindCaller,
  call: BindCall,
  signal?: AbortSignal,
): Promise<Told> => {
  const headers = { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) };
  const init = { method: 'POST', headers, body: JSON.stringify(call) };
  const reply = await hauberk.fetch(endpoint.bind, signal === undefined ? init : { ...init, signal });
  const { status } = reply;
  const told = readTold(await reply.json().catch(() => undefined));
  if (status === 200 && told !== undefined && told.state !== '') return told;
  throw new NotTold(told?.code || `status-${status}`, status);
};

/** Calls that are told again as they are; of the others the gateway is asked what became of them. */
const repeated: readonly string[] = ['left', 'composer', 'code'];

/** The attempt ended, or went on, while the call was under way. */
const isLate = (error: unknown): boolean => error instanceof NotTold && error.code === 'binding.wrong-state';

const mayPass = (error: unknown): boolean => !(error instanceof NotTold) || error.isPassing;

/** An attempt that goes on after its end, by this margin in milliseconds, is kept so by somebody on the way. */
const graceMs = 10_000;

/** Says something of the attempt. While the network or the bank is away it goes on trying, until the attempt's time is over. */
export const later = async (run: Run, call: BindCall): Promise<Told> => {
  const { options, attempt, endsAt } = run;
  if (clock() > endsAt + graceMs) throw new NotTold('timeout', 0);
  const { signal, pollMs = 1000 } = options;
  let asked = call;
  for (;;) {
    try {
      const told = await callGateway(options, { ...asked, attempt }, signal);
      // The call came too late or twice; where the attempt stands is another question.
      if (told.code !== 'binding.wrong-state' || asked.do === 'status') return told;
      asked = { do: 'status' };
    } catch (error) {
      if (isLate(error) && asked.do !== 'status') {
        asked = { do: 'status' };
        continue;
      }
      if (signal?.aborted === true || !mayPass(error) || clock() >= endsAt) throw error;
      if (!repeated.includes(asked.do)) asked = { do: 'status' };
      await pause(pollMs, signal);
    }
  }
};

/** Whether an answer is the last one. */
export const isEnd = ({ state }: Told): boolean => !['issued', 'seen', 'proven'].includes(state);

/** What an answer comes to. */
export const outcomeOf = ({ state, code, rule }: Told): BindOutcome => {
  if (state === 'bound') return { state };
  if (state === 'expired' || state === 'blocked') return { state, code, rule };
  return { state: 'declined', code, rule };
};

/** The code of whatever was thrown. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
