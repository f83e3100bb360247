/** The stack of a call without our own frames, whichever engine runs, and without what the app made of `Error`. */
import { maxChainFrames } from '@hauberk/privacy/client';
import { call, type HostFunction, isFunction } from './host.ts';

const capture = (Error as unknown as { readonly captureStackTrace?: unknown }).captureStackTrace;
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

/** The stack text above the frame `trap`. */
export const stackAbove = (trap: HostFunction): string => {
  if (isFunction(capture))
    return withEngineSettings(() => {
      const holder: { stack?: unknown } = {};
      call(capture, own, [holder, trap]);
      return holder.stack;
    }, maxChainFrames);
  return linesOf(plainStack())
    .slice(ownFrames ?? 0)
    .join('\n');
};

/** Learns how many frames are ours. `watchedCall` is a watched function whose call answers what `stackAbove` gave. */
export const learnOwnFrames = (watchedCall: () => unknown): void => {
  if (isFunction(capture) || ownFrames !== undefined) return;
  withEngineSettings(() => {
    ownFrames = 0;
    const inner = linesOf(String(watchedCall())).length;
    ownFrames = Math.max(0, inner - linesOf(String(new make().stack)).length);
    return undefined;
  }, maxChainFrames + 20);
};
