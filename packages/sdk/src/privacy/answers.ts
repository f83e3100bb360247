/** What a stopped call gets instead of the native's answer: nothing, the platform's own denial, or the native's answer later. */
import { call, construct, type HostFunction, type HostObject, isFunction, isObject, later, memberOf } from './host.ts';
import type { Surface } from './surface.ts';

/** A call that is stopped. */
export interface StoppedCall {
  readonly surface: Surface;
  /** The realm's global object. */
  readonly host: HostObject;
  readonly native: HostFunction;
  readonly self: unknown;
  readonly args: readonly unknown[];
  /** What `new` was applied to; of constructors only. */
  readonly newTarget: unknown;
  /** Whether the request of this XMLHttpRequest was opened to be waited for. */
  readonly isWaitedFor: boolean;
  /** The native `XMLHttpRequest.prototype.open`. */
  readonly open: HostFunction | undefined;
}

/** What to do in the place of the native: go on with a value, or throw. */
export type Answer = { readonly value: unknown } | { readonly thrown: unknown };

const invalidUrl = 'about:invalid';
const blankUrl = 'data:,';

/** Runs the native, with other arguments perhaps. */
const perform = ({ native, self, newTarget }: StoppedCall, args: readonly unknown[]): unknown =>
  isFunction(newTarget) ? construct(native, args, newTarget) : call(native, self, args);

const make = (host: HostObject, name: string, args: readonly unknown[]): unknown => {
  const constructor = host[name];
  return isFunction(constructor) ? construct(constructor, args) : undefined;
};

const nameOf = ({ path }: Surface): string => path.slice(path.lastIndexOf('.') + 1);

/** The denial as an error of the realm that asked. */
const errorOf = ({ surface, host }: StoppedCall): unknown => {
  const { denial, platform } = surface;
  if (platform === 'react-native')
    return Object.assign(new Error('Permission denied'), { code: 'E_PERMISSION_DENIED' });
  if (platform !== 'web') return new Error(`${nameOf(surface)}:fail ${denial}`);
  if (denial === 'Failed to fetch') return make(host, 'TypeError', [denial]);
  if (denial === 'TypeError') return make(host, 'TypeError', ['Permission denied']);
  return make(host, 'DOMException', ['Permission denied', denial]) ?? new Error('Permission denied');
};

/** An error of the geolocation interface, which no constructor makes. */
const positionError = (host: HostObject, code: 1 | 2, message: string): unknown => {
  const prototype = memberOf(host['GeolocationPositionError'], 'prototype');
  const error = Object.create(isObject(prototype) ? prototype : Object.prototype);
  return Object.defineProperties(error, { code: { value: code }, message: { value: message } });
};

const lengthOf = (value: unknown): number => Math.max(1, Math.min(16_384, Math.abs(Math.trunc(Number(value) || 1))));

const values: Readonly<Record<string, (stopped: StoppedCall) => unknown>> = {
  undefined: () => undefined,
  null: () => null,
  text: () => '',
  zero: () => 0,
  one: () => 1,
  list: () => [],
  object: () => ({}),
  false: () => false,
  true: () => true,
  'no-data': () => blankUrl,
  prompt: () => 'prompt',
  denied: () => 'denied',
  'no-content': ({ host }) => make(host, 'Response', [null, { status: 204 }]),
  'blank-image': ({ host, args }) => make(host, 'ImageData', [lengthOf(args[2]), lengthOf(args[3])]),
  'blank-samples': ({ self }) => new Float32Array(Number(memberOf(self, 'length')) || 0),
  'blank-text': (stopped) => perform(stopped, ['']),
  'blank-url': (stopped) => perform(stopped, [blankUrl]),
  'invalid-url': (stopped) => perform(stopped, [invalidUrl]),
};

/** The native fails by itself, with its own events, when it is sent to where nothing can be. */
const failRequest = (stopped: StoppedCall): Answer => {
  if (stopped.open !== undefined) call(stopped.open, stopped.self, ['GET', invalidUrl, !stopped.isWaitedFor]);
  // A request that is waited for throws here, as the native would.
  return attempt(() => perform(stopped, []));
};

const attempt = (work: () => unknown): Answer => {
  try {
    return { value: work() };
  } catch (thrown) {
    return { thrown };
  }
};

const promiseOf = (host: HostObject): PromiseConstructor =>
  (isFunction(host['Promise']) ? host['Promise'] : Promise) as unknown as PromiseConstructor;

/** The callbacks of an options object that mini-program functions take. */
const callbacksOf = (args: readonly unknown[]): readonly [fail: unknown, complete: unknown, success: unknown] => {
  const options = args[0];
  return [memberOf(options, 'fail'), memberOf(options, 'complete'), memberOf(options, 'success')];
};

/** Later, as the platform calls back; what the callback throws is the app's own. */
const callBack = (callback: unknown, value: unknown): void => {
  if (isFunction(callback)) later(() => callback(value), 0);
};

const nothing = (): void => undefined;
/** What functions that move data give back at once, for the program to follow and to end; there is nothing to follow. */
const idleTask = (): object =>
  Object.fromEntries(
    [
      'abort close send onHeadersReceived offHeadersReceived onProgressUpdate offProgressUpdate',
      'onChunkReceived offChunkReceived onOpen onClose onError onMessage',
    ]
      .join(' ')
      .split(' ')
      .map((name) => [name, nothing]),
  );

const miniAnswer = ({ surface, host, args }: StoppedCall, isDenied: boolean): Answer => {
  const name = nameOf(surface);
  const [fail, complete, success] = callbacksOf(args);
  const refusal =
    surface.platform === 'my'
      ? { error: 2001, errorMessage: 'authorization denied', errMsg: `${name}:fail auth deny` }
      : { errMsg: `${name}:fail auth deny`, errno: 103 };
  const told = isDenied ? refusal : { errMsg: `${name}:ok`, ...emptyMini(surface.empty) };
  if (![fail, complete, success].some(isFunction)) {
    const settled = isDenied ? promiseOf(host).reject(told) : promiseOf(host).resolve(told);
    return { value: settled };
  }
  callBack(isDenied ? fail : success, told);
  callBack(complete, told);
  return { value: surface.isExit ? idleTask() : undefined };
};

const emptyMini = (empty: string): object => {
  if (empty === 'text') return { data: '', text: '' };
  return empty === 'list' ? { data: [], devices: [], wifiList: [], keys: [] } : {};
};

/** Nothing watches under this number; `clearWatch` takes it. */
const noWatch = ({ path }: Surface): unknown => (path.endsWith('.watchPosition') ? 0 : undefined);

const positionAnswer = ({ surface, host, args }: StoppedCall, isDenied: boolean): Answer => {
  const error = isDenied
    ? positionError(host, 1, 'User denied Geolocation')
    : positionError(host, 2, 'Position unavailable');
  callBack(args.filter(isFunction)[1], error);
  return { value: noWatch(surface) };
};

const settle = (stopped: StoppedCall, answer: Answer): Answer => {
  if (stopped.surface.answers !== 'promise') return answer;
  const promises = promiseOf(stopped.host);
  return { value: 'thrown' in answer ? promises.reject(answer.thrown) : promises.resolve(answer.value) };
};

const emptyAnswer = (stopped: StoppedCall): Answer => {
  const { surface, args } = stopped;
  if (surface.answers === 'position') return positionAnswer(stopped, false);
  if (surface.empty === '-') return denialAnswer(stopped);
  if (surface.answers === 'mini') return miniAnswer(stopped, false);
  const value = values[surface.empty]?.(stopped);
  if (surface.answers !== 'callback') return settle(stopped, { value });
  callBack(args.find(isFunction), value);
  return { value: undefined };
};

const denialAnswer = (stopped: StoppedCall): Answer => {
  const { denial, answers } = stopped.surface;
  if (answers === 'position') return positionAnswer(stopped, true);
  if (denial === '=') return emptyAnswer(stopped);
  if (answers === 'mini') return miniAnswer(stopped, true);
  if (denial === 'network-error') return failRequest(stopped);
  const value = values[denial];
  return settle(stopped, value === undefined ? { thrown: errorOf(stopped) } : { value: value(stopped) });
};

/** Whether a call of this form can be made later; one that answers at once cannot. */
export const canWait = ({ answers }: Surface): boolean => answers !== 'sync';

const laterAnswer = (stopped: StoppedCall, delayMs: number): Answer => {
  const { surface, host, args } = stopped;
  const isAwaited =
    surface.answers === 'promise' || (surface.answers === 'mini' && !callbacksOf(args).some(isFunction));
  if (isAwaited)
    return {
      value: new (promiseOf(host))((resolve, reject) => {
        later(() => {
          const made = attempt(() => perform(stopped, args));
          if ('thrown' in made) reject(made.thrown);
          else resolve(made.value);
        }, delayMs);
      }),
    };
  // Nobody is there any more to catch what it throws then.
  later(() => attempt(() => perform(stopped, args)), delayMs);
  return { value: noWatch(surface) };
};

/** The answer of a stopped call. */
export const answerOf = (stopped: StoppedCall, action: 'empty' | 'deny' | 'delay', delayMs: number): Answer => {
  if (action === 'delay') return laterAnswer(stopped, delayMs);
  return action === 'deny' ? denialAnswer(stopped) : emptyAnswer(stopped);
};
