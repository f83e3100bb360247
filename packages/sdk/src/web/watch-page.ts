/** Tells a health watch what happens to a page: errors that nobody catches, and whether anybody sees it. */
import type { HealthWatch } from '../core/directive-port.ts';

/** Begins a session of this page and follows it; answers how to stop following. */
export const watchPage = (health: HealthWatch): (() => void) => {
  const error = (): void => health.error();
  const seen = (): void => (document.visibilityState === 'hidden' ? health.background() : health.foreground());
  const leave = (): void => void health.end().catch(() => undefined);
  health.begin().then(seen, () => undefined);
  addEventListener('error', error);
  addEventListener('unhandledrejection', error);
  addEventListener('pagehide', leave);
  document.addEventListener('visibilitychange', seen);
  return () => {
    removeEventListener('error', error);
    removeEventListener('unhandledrejection', error);
    removeEventListener('pagehide', leave);
    document.removeEventListener('visibilitychange', seen);
  };
};
