/** The privacy aspect for pages, WebViews and workers: `createPrivacyAspect({ … })`, before any other script. */
import type { AccessRealm } from '@hauberk/privacy/client';
import { type AspectOptions, type AspectPlatform, PrivacyAspect } from './core.ts';
import { call, type HostFunction, type HostObject, isFunction, memberOf } from './host.ts';
import { RealmFollower } from './realms.ts';
import { webSurfaces } from './web-surfaces.ts';

export type { AttributionOptions, FileMap, ModuleMap } from './attribution.ts';
export type {
  AspectConnection,
  AspectOptions,
  AspectStatus,
  PrivacyAspect,
  Reporter,
  SurfaceStatus,
} from './core.ts';
export type { SurfaceState } from './intercept.ts';
export type { FrequencyLimit } from './stack-policy.ts';
export type { AspectDirective, DirectiveSource } from './stop-rules.ts';
export type { AnswerForm, Denial, EmptyAnswer, Surface, SurfaceKind, SurfacePlatform } from './surface.ts';
export { webSurfaces } from './web-surfaces.ts';

const globals: HostObject = globalThis as unknown as HostObject;

/** What kind of realm a global object is the root of. */
const realmOf = (root: HostObject): AccessRealm => {
  const name = memberOf(memberOf(root, 'constructor'), 'name');
  if (name === 'DedicatedWorkerGlobalScope') return 'worker';
  if (name === 'SharedWorkerGlobalScope') return 'shared-worker';
  return name === 'ServiceWorkerGlobalScope' ? 'service-worker' : 'page';
};

const addressOf = (root: HostObject): string => {
  const address = memberOf(root['location'], 'href');
  return typeof address === 'string' ? address : '';
};

/** What tells the aspect when the user turns away from the page and comes back. The natives are those of before. */
const visibilityFollower = (root: HostObject): ((aspect: PrivacyAspect) => void) => {
  const document = root['document'];
  const listen = memberOf(document, 'addEventListener');
  return (aspect) => {
    if (!isFunction(listen)) return;
    const tell = (): void => aspect.setForeground(memberOf(document, 'visibilityState') !== 'hidden');
    const last: HostFunction = () => aspect.flush();
    tell();
    call(listen, document, ['visibilitychange', tell]);
    // What was counted last, while the page can still send it.
    call(listen, root, ['pagehide', last]);
  };
};

const platformOf = (root: HostObject): AspectPlatform => {
  const { performance, Date: dates } = globalThis;
  return {
    surfaces: webSurfaces,
    address: () => addressOf(root),
    begin: visibilityFollower(root),
    monotonic: performance.now.bind(performance),
    wall: dates.now.bind(dates),
  };
};

/** Watches this page, from now on. Never throws: where it cannot watch, it says so in its status. */
export const createPrivacyAspect = (options: AspectOptions = {}): PrivacyAspect => {
  const aspect = new PrivacyAspect(platformOf(globals), options);
  const kind = realmOf(globals);
  if (kind !== 'page') aspect.addRealm(globals, kind);
  else {
    const follower = new RealmFollower((root, found) => aspect.addRealm(root, found));
    aspect.onOff(() => follower.stop());
    follower.follow(globals, kind);
  }
  return aspect;
};
