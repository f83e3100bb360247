/** The stack of a call without our own frames, whichever engine runs, and without what the app made of `Error`. */
import { maxChainFrames } from '@hauberk/privacy/client';
import { type HostFunction, isFunction } from './host.ts';

const { captureStackTrace } = Error as unknown as {
  readonly captureStackTrace: (holder: object, trap: HostFunction) => void;
};
const own = Error as unknown as { stackTraceLimit?: unknown; prepareStackTrace?: unknown };
const make = Error;

/** Frames that `see` and what it calls put on a stack; found out once, for engines that cannot leave frames out. */
let ownFrames: number | undefined;

const linesOf = (text: string): readonly string[] =>
  text.split('\n').filter((line) => line.trim() !== '' && !/^[A-Za-z]{0,40}Error$/.test(line));

/** Takes the text with the engine's own settings, whatever the app has set, and puts the app's back. */
const withEngineSettings = (take: () => unknown, frames: number): string => {
  const { stackTraceLimit, prepareStackTrace } = own;
  try {
    own.stackTraceLimit = frames;
    if (prepareStackTrace !== undefined) own.prepareStackTrace = undefined;
    const text = take();
    return typeof text === 'string' ? text : '';
  } finally {
    own.stackTraceLimit = stackTraceLimit;
    if (prepareStackTrace !== undefined) own.prepareStackTrace = prepareStackTrace;
  }
};

const plainStack = (): string => withEngineSettings(() => new make().stack, maxChainFrames + 20);

/** As `withEngineSettings`, without a function in between: this is where most of a verdict's time goes. */
const captured = (trap: HostFunction): string => {
  const { stackTraceLimit, prepareStackTrace } = own;
  const holder: { stack?: unknown } = {};
  try {
    own.stackTraceLimit = maxChainFrames;
    if (prepareStackTrace !== undefined) own.prepareStackTrace = undefined;
    captureStackTrace(holder, trap);
    return holder.stack as string;
  } finally {
    own.stackTraceLimit = stackTraceLimit;
    if (prepareStackTrace !== undefined) own.prepareStackTrace = prepareStackTrace;
  }
};

const shortened = (): string =>
  linesOf(plainStack())
    .slice(ownFrames ?? 0)
    .join('\n');

/** The stack text above the frame `trap`. */
export const stackAbove: (trap: HostFunction) => string = isFunction(captureStackTrace) ? captured : shortened;

/** Learns how many frames are ours. `watchedCall` is a watched function whose call answers what `stackAbove` gave. */
export const learnOwnFrames = (watchedCall: () => unknown): void => {
  if (isFunction(captureStackTrace) || ownFrames !== undefined) return;
  withEngineSettings(() => {
    ownFrames = 0;
    const inner = linesOf(String(watchedCall())).length;
    ownFrames = Math.max(0, inner - linesOf(String(new make().stack)).length);
    return undefined;
  }, maxChainFrames + 20);
};
