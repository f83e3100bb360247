/** Probes in a real page, honest or patched as attackers patch. */
import type { SignalReport } from '@hauberk/device/client';
import { openSignals } from '../../src/web/probes.ts';

type Patch = () => void;

const fakeText = (): void => {
  const fake = function getTimezoneOffset(this: Date): number {
    return -480;
  };
  // oxlint-disable-next-line no-extend-native -- the very thing that is to be seen
  Date.prototype.getTimezoneOffset = fake;
  const text = Reflect.get(Function.prototype, 'toString') as (this: unknown) => string;
  // oxlint-disable-next-line no-extend-native -- as above
  Function.prototype.toString = function toString(this: unknown): string {
    return this === fake ? 'function getTimezoneOffset() { [native code] }' : Reflect.apply(text, this, []);
  };
};

/** What attackers do to a page, by name. */
export const patches: Readonly<Record<string, Patch>> = {
  none: () => undefined,
  text: fakeText,
  proxiedGetter: () => {
    const found = Object.getOwnPropertyDescriptor(Navigator.prototype, 'hardwareConcurrency');
    if (found?.get === undefined) throw new Error('no getter');
    const get = new Proxy(Reflect.get(found, 'get') as () => unknown, { apply: () => 4 });
    Object.defineProperty(Navigator.prototype, 'hardwareConcurrency', { ...found, get });
  },
  ownProperty: () => {
    Object.defineProperty(navigator, 'webdriver', { get: () => false, configurable: true });
  },
  displayMedia: () => {
    const { mediaDevices } = navigator;
    mediaDevices.getDisplayMedia = async () => new MediaStream();
  },
  userMedia: () => {
    const { mediaDevices } = navigator;
    const native = mediaDevices.getUserMedia.bind(mediaDevices);
    Object.defineProperty(MediaDevices.prototype, 'getUserMedia', {
      value: new Proxy(native, {}),
      configurable: true,
      writable: true,
    });
  },
  scriptedTouch: () => {
    document.body.dispatchEvent(new MouseEvent('click', { bubbles: true }));
  },
};

/** Patches the page, collects as a payment would, and answers what was reported. */
export const collect = async (patch: string): Promise<SignalReport | string> => {
  let reported: SignalReport | string = 'nothing was reported';
  const hauberk = {
    fetch: async () => Response.json({ accepted: 0, signals: { nonce: 'n'.repeat(43), canary: 'q'.repeat(22) } }),
    status: () => ({}) as never,
    report: (_: string, body: object) => {
      reported = body as SignalReport;
    },
  };
  const mayCollect = () => ({ isAllowed: true, reason: 'granted' });
  const signals = openSignals({ hauberk, mayCollect, store: `signals ${patch}`, budgetMs: 20_000 });
  patches[patch]?.();
  const collected = await signals.collect('pay');
  signals.close();
  return collected.ok ? reported : collected.code;
};
