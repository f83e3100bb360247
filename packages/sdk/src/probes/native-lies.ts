/** Functions and attributes of the platform that somebody stands in front of. */

import { flagProbe, type Probe } from './probe.ts';
import type { FunctionLook, ProbeWorld } from './probe-world.ts';

/** Functions that tools like to replace; those of media and network have signals of their own. */
const platformFunctions: readonly string[] = [
  'Function.prototype.toString',
  'navigator.permissions.query',
  'HTMLCanvasElement.prototype.toDataURL',
  'CanvasRenderingContext2D.prototype.getImageData',
  'WebGLRenderingContext.prototype.getParameter',
  'AudioBuffer.prototype.getChannelData',
  'Date.now',
  'Date.prototype.getTimezoneOffset',
  'performance.now',
  'navigator.geolocation.getCurrentPosition',
  'navigator.credentials.get',
  'crypto.getRandomValues',
  'Element.prototype.attachShadow',
];
const mediaFunctions: readonly string[] = [
  'navigator.mediaDevices.getUserMedia',
  'navigator.mediaDevices.enumerateDevices',
];
const displayCapture = 'navigator.mediaDevices.getDisplayMedia';
const networkFunctions: readonly string[] = ['fetch', 'XMLHttpRequest.prototype.open', 'XMLHttpRequest.prototype.send'];

const attributes: readonly string[] = [
  'navigator.webdriver',
  'navigator.userAgent',
  'navigator.platform',
  'navigator.hardwareConcurrency',
  'navigator.deviceMemory',
  'navigator.languages',
  'navigator.maxTouchPoints',
  'screen.width',
  'screen.height',
  'document.hidden',
  'document.visibilityState',
];

/** What every engine writes for a native function of that name. A proxy in front of one loses the name. */
const nativeText = /^function (?:(?:get |set )?([\w$]*)|\[Symbol\.\w+\])\(\) ?\{\s*\[native code\]\s*\}$/;

/** Whether a look is that of a function of the platform. */
export const isNativeLook = ({ text, textHere, name, hasPrototype, hasMore }: FunctionLook): boolean => {
  const written = nativeText.exec(text);
  const isNamed = written !== null && (written[1] ?? '') === name.replace(/^(?:get|set) /, '');
  return isNamed && textHere === text && !hasPrototype && !hasMore;
};

const isPatched = (world: ProbeWorld, paths: readonly string[]): boolean =>
  paths.some((path) => {
    const look = world.look(path);
    return look !== undefined && !isNativeLook(look);
  });

/** Texts, descriptors, prototypes and getters. */
export const nativeLies: Probe = flagProbe(
  ['hook.nativeToString', 'hook.descriptor', 'hook.prototype', 'hook.getterTrap'],
  (world) => {
    const looks = attributes.flatMap((path) => world.attribute(path) ?? []);
    return {
      'hook.nativeToString': isPatched(world, platformFunctions),
      'hook.descriptor': looks.some(({ isOwn, isAccessor }) => isOwn || !isAccessor),
      'hook.prototype': ['navigator', 'screen'].some((path) => world.ownNames(path).length > 0),
      'hook.getterTrap': looks.some(
        ({ getter, answersStrangers, refusesItsOwn }) =>
          answersStrangers || refusesItsOwn || (getter !== undefined && !isNativeLook(getter)),
      ),
    };
  },
);

/** Media, screen capture and network. */
export const patchedInterfaces: Probe = flagProbe(
  ['hook.mediaPatched', 'camera.mediaApiHooked', 'screen.displayCapturePatched', 'hook.networkPatched'],
  (world) => {
    const isMediaPatched = isPatched(world, mediaFunctions);
    return {
      'hook.mediaPatched': isMediaPatched,
      'camera.mediaApiHooked': isMediaPatched,
      'screen.displayCapturePatched': isPatched(world, [displayCapture]),
      'hook.networkPatched': isPatched(world, networkFunctions),
    };
  },
);

/** Values that every realm of one browser has in common. */
const common: readonly string[] = [
  'navigator.userAgent',
  'navigator.platform',
  'navigator.hardwareConcurrency',
  'navigator.languages',
];

const disagrees = (world: ProbeWorld, other: Readonly<Record<string, unknown>> | undefined): boolean =>
  other !== undefined &&
  common.some(
    (path) => other[path] !== undefined && world.value(path) !== undefined && other[path] !== world.value(path),
  );

/** A fresh frame and a worker, which tools forget. */
export const realms: Probe = flagProbe(['hook.realmDisagrees', 'hook.workerDisagrees'], async (world) => ({
  'hook.realmDisagrees': disagrees(world, world.frame([...common, 'navigator.webdriver'])),
  'hook.workerDisagrees': disagrees(world, await world.worker(common)),
}));
