/** What the pages of `browser/privacy-*.ts` tell the tests. */
import type { SurfaceKind } from '../src/privacy/surface.ts';

/** What a call came to, in words. */
export type Outcome = string;

/** What was seen of one surface. */
export interface SurfaceProof {
  readonly path: string;
  readonly kind: SurfaceKind;
  readonly api: string;
  readonly state: string;
  readonly probes: readonly string[];
  readonly native: readonly Outcome[];
  readonly watched: readonly Outcome[];
  readonly nativeLooks: string;
  readonly watchedLooks: string;
  readonly nativeText: string;
  readonly watchedText: string;
  readonly counted: number;
  readonly isReplaced: boolean;
  readonly isRestored: boolean;
}

/** A report as the aspect queues it. */
export interface ToldReport {
  readonly kind: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What a surface answered before its callers were stopped, while they were, and afterwards. */
export interface StopProof {
  readonly path: string;
  readonly kind: SurfaceKind;
  readonly api: string;
  readonly answers: string;
  readonly empty: string;
  readonly denial: string;
  readonly before: Outcome;
  readonly during: Outcome;
  readonly after: Outcome;
}

/**
 * Whether two calls came to the same. Numbers of watches and figures of the network differ from call to call; and whether the browser takes a
 * call for one that the user made, which some surfaces ask before anything else, changes with every window that opens.
 */
export const isSameOutcome = (path: string, one: Outcome, other: Outcome): boolean => {
  if (/requestPort|Picker$|EyeDropper|PaymentRequest.prototype.show/.test(path))
    return one.split(' ')[0] === other.split(' ')[0];
  if (path === 'IdleDetector.requestPermission') return true;
  const isRough = /NetworkInformation|screenX|screenY|watchPosition/.test(path);
  return isRough ? one.split(' ')[0] === other.split(' ')[0] : one === other;
};

/** Whether calls in a realm are seen: by the page that reaches into it, by its own scripts while it loads and afterwards. */
export interface RealmProof {
  readonly name: string;
  readonly reached: 'seen' | 'not seen' | 'no access';
  readonly loading: 'seen' | 'not seen' | 'no script';
  readonly later: 'seen' | 'not seen' | 'no script';
}
