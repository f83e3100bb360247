/** The page as probes ask it. Everything is caught: an odd page has less to say, and keeps running. */

import { memberOf, nativeBehind } from '../privacy/host.ts';
import type {
  AttributeLook,
  BrowserHints,
  CameraLook,
  FunctionLook,
  PlainValue,
  ProbeWorld,
} from '../probes/probe-world.ts';
import type { PageWatch } from './watch-hands.ts';

/** What only the entry knows. */
export interface PageFacts {
  readonly watch: PageWatch;
  readonly serverMs: () => number | undefined;
  /** Scripts of the release with their SHA-256 as base64, by address. */
  readonly release: Readonly<Record<string, string>>;
  /** What the app's own web view puts into the user agent. */
  readonly webView: string | undefined;
  /** Paths that the app itself stands in front of. */
  readonly own: ReadonlySet<string>;
}

type Text = (this: unknown) => string;
type AnyObject = Record<PropertyKey, unknown>;

const attempt = <Value>(work: () => Value): Value | undefined => {
  try {
    return work();
  } catch {
    return undefined;
  }
};

const isObject = (value: unknown): value is AnyObject =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

/** The object of a prototype chain that owns a property. */
const ownerOf = (object: object, name: PropertyKey): object | undefined => {
  let owner: object | null = object;
  while (owner !== null && !Object.hasOwn(owner, name)) owner = Reflect.getPrototypeOf(owner);
  return owner ?? undefined;
};

const at = (root: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>((value, name) => memberOf(value, name), path.startsWith('window') ? { window: root } : root);

const plain = (value: unknown): PlainValue | undefined => {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  return Array.isArray(value) ? value.join(',') : undefined;
};

const valuesOf = (root: unknown, paths: readonly string[]): Readonly<Record<string, PlainValue>> =>
  Object.fromEntries(
    paths.flatMap((path) => {
      const value = plain(at(root, path));
      return value === undefined ? [] : [[path, value] as const];
    }),
  );

/** A frame of our own, for as long as a question takes. */
const withFrame = <Value>(ask: (root: AnyObject) => Value): Value | undefined => {
  const frame = attempt(() => {
    const made = document.createElement('iframe');
    made.style.display = 'none';
    made.setAttribute('aria-hidden', 'true');
    (document.body ?? document.documentElement).append(made);
    return made;
  });
  if (frame === undefined) return undefined;
  const root = frame.contentWindow as unknown;
  const answer = isObject(root) ? attempt(() => ask(root)) : undefined;
  attempt(() => frame.remove());
  return answer;
};

/** The page's own, whatever stands there now. */
const textHere = (): Text => Reflect.get(Function.prototype, 'toString') as Text;

/** `Function.prototype.toString` of a realm that nobody has touched; kept, for it outlives its frame. */
const freshText = (): Text => {
  const taken = withFrame((root) => at(root, 'Function.prototype.toString') as Text | undefined);
  return taken ?? textHere();
};

const usual = new Set(['length', 'name', 'prototype', 'arguments', 'caller']);

const lookAt = (found: unknown, text: Text): FunctionLook | undefined => {
  const native = nativeBehind(found);
  if (typeof native !== 'function') return undefined;
  return attempt(() => ({
    name: String(native.name),
    text: Reflect.apply(text, native, []),
    textHere: Reflect.apply(textHere(), native, []),
    hasPrototype: Object.hasOwn(native, 'prototype') && !/^[A-Z]/.test(native.name),
    hasMore: Reflect.ownKeys(native).some((name) => typeof name !== 'string' || !usual.has(name)),
  }));
};

const refuses = (getter: () => unknown, on: unknown): boolean => {
  try {
    Reflect.apply(getter, on, []);
    return false;
  } catch {
    return true;
  }
};

const attributeAt = (path: string, text: Text): AttributeLook | undefined => {
  const split = path.lastIndexOf('.');
  const object = at(globalThis, path.slice(0, split));
  const name = path.slice(split + 1);
  const owner = isObject(object) ? attempt(() => ownerOf(object, name)) : undefined;
  const descriptor = owner === undefined ? undefined : Reflect.getOwnPropertyDescriptor(owner, name);
  if (owner === undefined || descriptor === undefined) return undefined;
  const getter = descriptor.get === undefined ? undefined : (nativeBehind(descriptor.get) as () => unknown);
  return {
    isOwn: owner === object,
    isAccessor: getter !== undefined,
    getter: getter === undefined ? undefined : lookAt(getter, text),
    answersStrangers: getter !== undefined && !refuses(getter, Object.create(null)),
    refusesItsOwn: getter !== undefined && refuses(getter, object),
  };
};

const workerScript =
  "onmessage=({data})=>{const o={};for(const p of data){let v=self;for(const n of p.split('.'))v=v==null?undefined:v[n];" +
  "if(Array.isArray(v))v=v.join(',');if(['string','number','boolean'].includes(typeof v))o[p]=v}postMessage(o);close()}";

const askWorker = (paths: readonly string[]): Promise<Readonly<Record<string, PlainValue>> | undefined> =>
  new Promise((resolve) => {
    const url = attempt(() => URL.createObjectURL(new Blob([workerScript], { type: 'text/javascript' })));
    const worker = url === undefined ? undefined : attempt(() => new Worker(url));
    const end = (answer: Readonly<Record<string, PlainValue>> | undefined): void => {
      clearTimeout(timer);
      worker?.terminate();
      if (url !== undefined) URL.revokeObjectURL(url);
      resolve(answer);
    };
    const timer = setTimeout(() => end(undefined), 800);
    if (worker === undefined) return end(undefined);
    worker.onmessage = ({ data }) => end(data as Readonly<Record<string, PlainValue>>);
    worker.onerror = (event) => {
      // A policy that forbids workers is no fault of the page.
      event.preventDefault();
      end(undefined);
    };
    worker.postMessage(paths);
  });

const readHints = async (): Promise<BrowserHints | undefined> => {
  const data = memberOf(navigator, 'userAgentData') as
    | { brands?: readonly { brand: string }[]; mobile?: boolean; platform?: string }
    | undefined;
  if (!isObject(data)) return undefined;
  const { brands = [], mobile = false, platform = '' } = data;
  return { brands: brands.map(({ brand }) => String(brand)), mobile, platform };
};

const readRenderer = (): string | undefined =>
  attempt(() => {
    const gl = document.createElement('canvas').getContext('webgl');
    const debug = gl?.getExtension('WEBGL_debug_renderer_info');
    const told: unknown = gl?.getParameter(debug?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER);
    gl?.getExtension('WEBGL_lose_context')?.loseContext();
    return typeof told === 'string' ? told : undefined;
  });

/** FNV-1a: equal or not is all that is asked. */
const digest = (bytes: ArrayLike<number>): string => {
  let hash = 0x811c9dc5;
  for (let index = 0; index < bytes.length; index += 1) hash = Math.imul(hash ^ (bytes[index] ?? 0), 0x01000193);
  return (hash >>> 0).toString(16);
};

const draw = (): string | undefined => {
  const canvas = document.createElement('canvas');
  canvas.width = 64;
  canvas.height = 24;
  const context = canvas.getContext('2d');
  if (context === null) return undefined;
  context.fillStyle = '#3b5';
  context.fillRect(3, 2, 40, 14);
  context.fillStyle = 'rgba(120,20,200,0.7)';
  context.font = '14px sans-serif';
  context.fillText('Hauberk', 4, 17);
  return digest(context.getImageData(0, 0, 64, 24).data);
};

const sound = async (): Promise<string | undefined> => {
  const context = new OfflineAudioContext(1, 2048, 44_100);
  const tone = context.createOscillator();
  const squeeze = context.createDynamicsCompressor();
  tone.type = 'triangle';
  tone.frequency.value = 3000;
  tone.connect(squeeze);
  squeeze.connect(context.destination);
  tone.start(0);
  const samples = (await context.startRendering()).getChannelData(0);
  return digest(new Uint8Array(samples.buffer));
};

const pair = <Value>(one: Value | undefined, other: Value | undefined): readonly [Value, Value] | undefined =>
  one === undefined || other === undefined ? undefined : [one, other];

const permission = async (name: string): Promise<string | undefined> => {
  try {
    return (await navigator.permissions.query({ name: name as PermissionName })).state;
  } catch {
    return undefined;
  }
};

const readCameras = async (): Promise<readonly CameraLook[] | undefined> => {
  // Nothing is asked of the user here: only what the app may use already is looked at.
  if ((await permission('camera')) !== 'granted') return undefined;
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices
    .filter(({ kind }) => kind === 'videoinput')
    .map((device) => {
      const told = attempt(() => (device as InputDeviceInfo).getCapabilities());
      return { label: device.label, maxFrameRate: told?.frameRate?.max, maxWidth: told?.width?.max };
    });
};

/** An error's stack is only asked for when a console shows it. */
const isConsoleRead = (): boolean => {
  let isRead = false;
  const bait = new Error('');
  Object.defineProperty(bait, 'stack', {
    get: () => {
      isRead = true;
      return '';
    },
  });
  const write = at(globalThis, 'console.debug');
  if (typeof write === 'function') attempt(() => Reflect.apply(write, undefined, [bait]) as unknown);
  return isRead;
};

const longestPause = (): number => {
  let longest = 0;
  let last = performance.now();
  for (let turn = 0; turn < 2000; turn += 1) {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }
  return longest;
};

const offsetByName = (): number | undefined =>
  attempt(() => {
    const name = new Intl.DateTimeFormat().resolvedOptions().timeZone;
    const now = new Date();
    const form = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
    const told = form.formatToParts(now).find(({ type }) => type === 'timeZoneName')?.value ?? '';
    const written = /^GMT(?:([+-])(\d{2}):(\d{2}))?/.exec(told);
    if (written === null) return undefined;
    const minutes = Number(written[2] ?? 0) * 60 + Number(written[3] ?? 0);
    return written[1] === '-' ? -minutes : minutes;
  });

const mark = 'hauberk-mark';

/** Marks in two places that are emptied together or not at all, unless somebody picks. */
const isPartlyWiped = (): boolean =>
  attempt(() => {
    const inStorage = localStorage.getItem(mark) !== null;
    const inCookie = document.cookie.includes(`${mark}=1`);
    localStorage.setItem(mark, '1');
    // oxlint-disable-next-line unicorn/no-document-cookie -- the store of cookies is not there in every web view
    document.cookie = `${mark}=1; max-age=31536000; path=/; SameSite=Strict`;
    const canHoldCookie = document.cookie.includes(`${mark}=1`);
    return canHoldCookie && inStorage !== inCookie;
  }) ?? false;

const quota = async (): Promise<{ readonly storage: number; readonly memory: number } | undefined> => {
  const memory = memberOf(memberOf(performance, 'memory'), 'jsHeapSizeLimit');
  const told = await attempt(() => navigator.storage.estimate())?.catch(() => undefined);
  return typeof memory === 'number' && told?.quota !== undefined ? { storage: told.quota, memory } : undefined;
};

const isFramedByStranger = (): boolean => {
  if (globalThis.top === globalThis.self) return false;
  // Reading another origin's location throws.
  return attempt(() => globalThis.top?.location.href) === undefined;
};

const isScriptWhole = async (address: string, expected: string): Promise<boolean> => {
  const reply = await fetch(address, { cache: 'force-cache', credentials: 'omit' });
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', await reply.arrayBuffer()));
  return btoa(String.fromCharCode(...bytes)) === expected;
};

/** A script that cannot be fetched now says nothing. */
const isReleaseWhole = async (release: Readonly<Record<string, string>>): Promise<boolean | undefined> => {
  const entries = Object.entries(release);
  if (entries.length === 0) return undefined;
  try {
    return (await Promise.all(entries.map(([address, expected]) => isScriptWhole(address, expected)))).every(Boolean);
  } catch {
    return undefined;
  }
};

const someWebView = /; wv\)|\bWebView\b|MicroMessenger|\bFBA[NV]\b|\bLine\/|\bGSA\/|AlipayClient|DingTalk/;

const isForeignWebView = (own: string | undefined): boolean =>
  own !== undefined && someWebView.test(navigator.userAgent) && !navigator.userAgent.includes(own);

const zoneMark = 'hauberk-zone';

/** Answers the offset of the last look and remembers this one's. */
const lastZone = (): number | undefined =>
  attempt(() => {
    const held = localStorage.getItem(zoneMark);
    localStorage.setItem(zoneMark, String(-new Date().getTimezoneOffset()));
    return held !== null && /^-?\d{1,3}$/.test(held) ? Number(held) : undefined;
  });

const idle = (): Promise<void> =>
  new Promise((resolve) => {
    const ask = memberOf(globalThis, 'requestIdleCallback');
    if (typeof ask === 'function') Reflect.apply(ask, globalThis, [() => resolve(), { timeout: 200 }]);
    else setTimeout(resolve, 0);
  });

/** The page. */
export const pageWorld = ({ watch, serverMs, own, release, webView }: PageFacts): ProbeWorld => {
  let taken: Text | undefined;
  const text = (): Text => {
    taken ??= freshText();
    return taken;
  };
  return {
    value: (path) => plain(at(globalThis, path)),
    has: (path) => (at(globalThis, path) ?? undefined) !== undefined,
    look: (path) => (own.has(path) ? undefined : lookAt(at(globalThis, path), text())),
    attribute: (path) => (own.has(path) ? undefined : attributeAt(path, text())),
    ownNames: (path) => {
      const object = at(globalThis, path);
      return isObject(object) ? (attempt(() => Object.getOwnPropertyNames(object)) ?? []) : [];
    },
    frame: (paths) => withFrame((root) => valuesOf(root, paths)),
    worker: askWorker,
    permission,
    hints: readHints,
    renderer: readRenderer,
    drawings: () => pair(attempt(draw), attempt(draw)),
    sounds: async () =>
      pair(await attempt(sound)?.catch(() => undefined), await attempt(sound)?.catch(() => undefined)),
    cameras: async () => attempt(readCameras)?.catch(() => undefined),
    clock: () => ({
      wallMs: Date.now(),
      monotonicMs: performance.now(),
      originMs: performance.timeOrigin,
      serverMs: serverMs(),
    }),
    zone: () => ({ byDate: -new Date().getTimezoneOffset(), byName: offsetByName() }),
    input: () => watch.input(),
    motion: () => watch.motion(),
    isConsoleRead,
    longestPause,
    isPartlyWiped,
    quota,
    isReleaseWhole: () => isReleaseWhole(release),
    isForeignWebView: () => isForeignWebView(webView),
    lastZone,
    isFramedByStranger,
    idle,
  };
};
