/** The privacy aspect for mini-programs: `createMiniAspect(wx, 'wx', { … })`, before any other module of the program. */
import { type AspectOptions, PrivacyAspect } from './core.ts';
import { call, type HostObject, isFunction } from './host.ts';
import { mySurfaces, wxSurfaces } from './mini-surfaces.ts';

export type { AttributionOptions, FileMap, ModuleMap } from './attribution.ts';
export type { AspectConnection, AspectOptions, AspectStatus, PrivacyAspect, Reporter, SurfaceStatus } from './core.ts';
export { mySurfaces, wxSurfaces } from './mini-surfaces.ts';
export type { FrequencyLimit } from './stack-policy.ts';
export type { AspectDirective, DirectiveSource } from './stop-rules.ts';
export type { Surface } from './surface.ts';

const listen = (host: HostObject, name: string, work: () => void): void => {
  const on = host[name];
  if (isFunction(on)) call(on, host, [work]);
};

/** Watches the functions of the host's object. Whether the program is in front it hears from the host itself. */
export const createMiniAspect = (host: object, platform: 'wx' | 'my', options: AspectOptions = {}): PrivacyAspect => {
  const root = host as HostObject;
  const { now } = Date;
  const surfaces = platform === 'wx' ? wxSurfaces : mySurfaces;
  const aspect = new PrivacyAspect({ surfaces, address: () => '', monotonic: now, wall: now }, options);
  listen(root, 'onAppHide', () => {
    aspect.setForeground(false);
    aspect.flush();
  });
  listen(root, 'onAppShow', () => aspect.setForeground(true));
  aspect.addRealm(root, 'mini-program');
  return aspect;
};
