/** A working `wx` or `my`: functions given by getters alone, as hosts give them; callbacks and promises; state that stays. */

type Callback = ((told: unknown) => void) | undefined;

/** What a program hands to an asynchronous function. */
export interface MiniOptions {
  readonly success?: (told: unknown) => void;
  readonly fail?: (told: unknown) => void;
  readonly complete?: (told: unknown) => void;
  readonly [name: string]: unknown;
}
type Work = (options: MiniOptions) => object;

/** The object of a mini-program's host. */
export interface FakeHost {
  readonly host: Readonly<Record<string, (...input: readonly unknown[]) => unknown>>;
  /** Calls that came through, by name. */
  readonly calls: ReadonlyMap<string, number>;
  /** Sends an event to the listeners of `on…`. */
  readonly emit: (name: string, event: unknown) => void;
}

const asynchronous =
  (name: string, work: Work) =>
  (options: MiniOptions = {}) => {
    const told = { ...work(options), errMsg: `${name}:ok` };
    const callbacks: readonly Callback[] = [options.success, options.complete];
    if (callbacks.some((callback) => callback !== undefined) || options.fail !== undefined) {
      setTimeout(() => {
        for (const callback of callbacks) callback?.(told);
      }, 0);
      return undefined;
    }
    return Promise.resolve(told);
  };

/** Makes the host's object with the functions of a registry. */
export const fakeHost = (names: readonly string[], emitting: readonly string[]): FakeHost => {
  const storage = new Map<unknown, unknown>([['key', 'value']]);
  const listeners = new Map<string, Set<(event: unknown) => void>>();
  const calls = new Map<string, number>();
  const clipboard = { data: 'copied', text: 'copied' };
  const system = { brand: 'maker', model: 'phone', platform: 'devtools', pixelRatio: 2 };
  const answers: Readonly<Record<string, Work>> = {
    getLocation: () => ({ latitude: 31.2, longitude: 121.5, accuracy: 30 }),
    getClipboardData: () => clipboard,
    getClipboard: () => clipboard,
    getStorage: ({ key }) => ({ data: storage.get(key) }),
    getStorageInfo: () => ({ keys: [...storage.keys()], currentSize: 1, limitSize: 10_240 }),
    getSystemInfo: () => system,
    getNetworkType: () => ({ networkType: 'wifi' }),
    getBatteryInfo: () => ({ level: 80, isCharging: false }),
    login: () => ({ code: 'one-time' }),
    getAuthCode: () => ({ authCode: 'one-time' }),
    request: ({ url }) => ({ statusCode: 200, data: { from: url } }),
    httpRequest: ({ url }) => ({ status: 200, data: { from: url } }),
  };
  const make = (name: string): ((...input: readonly unknown[]) => unknown) => {
    if (emitting.includes(name))
      return (listener) => {
        const all = listeners.get(name) ?? new Set();
        listeners.set(name, all.add(listener as (event: unknown) => void));
        return undefined;
      };
    if (name === 'getStorageSync') return (key) => storage.get(key) ?? '';
    if (name.endsWith('Sync') || /^get(?:Device|Window|AppBase)Info$|^getSystemSetting$/.test(name))
      return () => system;
    if (/^create|Manager$/.test(name)) return () => ({ start: () => undefined, on: () => undefined });
    const run = asynchronous(name, answers[name] ?? (() => ({ done: true })));
    if (/^(?:request|httpRequest|uploadFile|downloadFile|connectSocket)$/.test(name))
      return (options) => {
        const promise = run(options as MiniOptions);
        return promise ?? { abort: () => undefined };
      };
    return (options) => run(options as MiniOptions | undefined);
  };
  const host = {};
  for (const name of [...names, ...emitting]) {
    const native = make(name);
    const counted = (...input: readonly unknown[]): unknown => {
      calls.set(name, (calls.get(name) ?? 0) + 1);
      return native(...input);
    };
    Object.defineProperty(counted, 'name', { value: name });
    Object.defineProperty(host, name, { get: () => counted, enumerable: true, configurable: true });
  }
  const emit = (name: string, event: unknown): void => {
    for (const listener of listeners.get(name) ?? []) listener(event);
  };
  return { host, calls, emit };
};
