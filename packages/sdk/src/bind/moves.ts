/** The moves that the gateway asks for, in the order of B15: sent item, polling, a code that the app reads itself, or nothing. */
import type { SimEventKind } from '../trusted/sim-contract.ts';
import { type BindCall, later, pause, type Run, type Told, unlessCancelled } from './attempt.ts';

/** Digits of the code that the bank sends. */
const codeDigits = 8;

/** What the phone knows of the SMS; not knowing, or not saying, is as good as nothing. */
const sentItem = async ({ options, message }: Run): Promise<BindCall> => {
  const { sim, signal } = options;
  const nothing = { state: 'absent' } as const;
  const item = await unlessCancelled(
    sim.sentItem(message).catch(() => nothing),
    signal,
  );
  return { do: 'sent-item', ...item };
};

/** Begins to wait for the code; undefined when none came, or the phone lets no app read any. */
const readCode = ({ options }: Run): Promise<string | undefined> =>
  options.sim.readOtp({ digits: codeDigits, waitMs: options.codeWaitMs ?? 30_000 }).then(
    ({ code }) => code,
    () => undefined,
  );

/** Listens before it asks: the code may be there before the answer is. */
const awaitCode = (run: Run): Promise<Told> => {
  if (!run.methods.includes('readOtp')) return later(run, { do: 'no-code' });
  run.reading = readCode(run);
  return later(run, { do: 'ask-code' });
};

const tellCode = async (run: Run): Promise<Told> => {
  const code = await unlessCancelled(run.reading ?? readCode(run), run.options.signal);
  run.reading = undefined;
  return later(run, code === undefined ? { do: 'no-code' } : { do: 'code', code, isRead: true });
};

/** Moves that are answered at once, but for the second time in a row. */
const quick: readonly string[] = ['check-sent-item', 'await-code', 'read-code', 'confirm'];

/** Answers one move; what needs time waits first. */
export const answerMove = async (run: Run, next: string): Promise<Told> => {
  const { pollMs = 1000, signal, onMove } = run.options;
  onMove?.(next);
  if (next === run.move || !quick.includes(next)) await pause(pollMs, signal);
  run.move = next;
  switch (next) {
    case 'check-sent-item':
    case 'poll-sent-item':
      return later(run, await sentItem(run));
    case 'await-code':
      return awaitCode(run);
    case 'read-code':
      return tellCode(run);
    default:
      return later(run, { do: next === 'confirm' ? next : 'status' });
  }
};

/** Has the phone send the token, and says how long its composer took where it has one. */
export const sendToken = async (run: Run): Promise<Told> => {
  const { options, message, slot } = run;
  options.onMove?.('send-sms');
  const sending = options.sim.sendSms(slot === undefined ? message : { ...message, slot });
  const { awayMs } = await unlessCancelled(sending, options.signal);
  return later(run, awayMs === undefined ? { do: 'status' } : { do: 'composer', awayMs });
};

/** How the gateway is told of an event. The SIM that should have sent is gone, also where another one is there now. */
const howOf = (what: SimEventKind): string => (what === 'sim-changed' ? 'sim-missing' : what);

/** Tells the gateway of what happened to session, SIM and radio since the last look; undefined when nothing did. */
export const tellNews = async (run: Run): Promise<Told | undefined> => {
  const { options } = run;
  const { events, last } = await unlessCancelled(options.sim.simEvents({ after: run.lastEvent }), options.signal);
  run.lastEvent = last;
  let told: Told | undefined;
  for (const { what } of events) told = await later(run, { do: 'left', how: howOf(what) });
  return told;
};
