/** A page for probes, as a test wants it: honest unless something is changed. */
import type { AttributeLook, FunctionLook, PlainValue, ProbeWorld } from '../src/probes/probe-world.ts';

const honestValues: Readonly<Record<string, PlainValue>> = {
  'navigator.userAgent':
    'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Mobile Safari/537.36',
  'navigator.platform': 'Linux armv8l',
  'navigator.hardwareConcurrency': 8,
  'navigator.deviceMemory': 8,
  'navigator.maxTouchPoints': 5,
  'navigator.languages': 'de-DE,de',
  'navigator.language': 'de-DE',
  'navigator.webdriver': false,
  'navigator.plugins.length': 0,
  'navigator.userActivation.hasBeenActive': true,
  'Notification.permission': 'default',
  'screen.width': 412,
  'screen.height': 915,
  outerWidth: 412,
  outerHeight: 915,
};

/** A native function of that name. */
export const nativeLook = (name: string, change: Partial<FunctionLook> = {}): FunctionLook => {
  const text = `function ${name}() { [native code] }`;
  return { name, text, textHere: text, hasPrototype: false, hasMore: false, ...change };
};

const nativeAttribute = (name: string): AttributeLook => ({
  isOwn: false,
  isAccessor: true,
  getter: nativeLook(`get ${name}`),
  answersStrangers: false,
  refusesItsOwn: false,
});

const lastOf = (path: string): string => path.split('.').at(-1) ?? '';

/** An honest phone, but for what is changed. */
export const probeWorld = (
  change: Partial<ProbeWorld> = {},
  values: Readonly<Record<string, PlainValue>> = {},
): ProbeWorld => {
  const all: Readonly<Record<string, PlainValue>> = { ...honestValues, ...values };
  return {
    value: (path) => all[path],
    has: () => false,
    look: (path) => nativeLook(lastOf(path)),
    attribute: (path) => nativeAttribute(lastOf(path)),
    ownNames: (path) => (path === 'window' ? ['innerWidth', 'app'] : []),
    frame: (paths) => Object.fromEntries(paths.map((path) => [path, all[path] ?? ''])),
    worker: async (paths) => Object.fromEntries(paths.map((path) => [path, all[path] ?? ''])),
    permission: async () => 'prompt',
    hints: async () => ({ brands: ['Chromium'], mobile: true, platform: 'Android' }),
    renderer: () => 'ANGLE (Qualcomm, Adreno (TM) 740, OpenGL ES 3.2)',
    drawings: () => ['a', 'a'],
    sounds: async () => ['b', 'b'],
    cameras: async () => [{ label: 'camera2 0, facing back', maxFrameRate: 60, maxWidth: 4080 }],
    clock: () => ({ wallMs: 1000, monotonicMs: 400, originMs: 600, serverMs: 1000 }),
    zone: () => ({ byDate: 60, byName: 60 }),
    input: () => ({
      events: 30,
      untrusted: 0,
      touches: 9,
      pressureless: 0,
      keyGaps: [130, 171, 98, 140, 260, 118, 90, 160, 133],
      pasted: [],
      whileHidden: 0,
    }),
    motion: () => ({ samples: 60, spread: 1.7 }),
    isConsoleRead: () => false,
    longestPause: () => 1,
    isPartlyWiped: () => false,
    quota: async () => ({ storage: 60e9, memory: 4e9 }),
    isFramedByStranger: () => false,
    isReleaseWhole: async () => undefined,
    isForeignWebView: () => false,
    lastZone: () => 60,
    idle: async () => undefined,
    ...change,
  };
};
