/**
 * Whether requests should be sent here. Alive (`/healthz`) means that the process answers; ready (`/readyz`) that it can keep its promises:
 * a write reaches the disk, what clients verify is signed and unexpired, a worker listens, nobody has asked it to stop.
 */
import { type EpochMs, epochMs } from '@hauberk/primitives';

/** A signed config that is in force. */
export interface ConfigLife {
  readonly service: string;
  readonly expiresAtMs: EpochMs;
}

/** What readiness is judged by. */
export interface ReadinessPorts {
  readonly isDraining: () => boolean;
  readonly workers: () => { readonly listening: number; readonly wanted: number };
  /** Writes and syncs; `ok` or why it could not. Never rejects. */
  readonly probeStorage: () => Promise<string>;
  readonly configs: () => readonly ConfigLife[];
  /** Until when the status statements that were signed last count. */
  readonly statusUntilMs: () => EpochMs;
  readonly now: () => EpochMs;
}

/** One check. */
export interface CheckResult {
  readonly ok: boolean;
  /** `ok`, or what is wrong. */
  readonly code: string;
  readonly detail?: Readonly<Record<string, string | number>>;
}

/** What is checked. */
export type CheckName = 'draining' | 'workers' | 'storage' | 'config';

/** The answer, with what only operators are told. */
export interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<CheckName, CheckResult>>;
}

/** Answers are shared for this long: the listener is open, and each asks for an fsync. */
const keptMs = 1000;

const passed = (code: string, detail?: CheckResult['detail']): CheckResult =>
  detail === undefined ? { ok: code === 'ok', code } : { ok: code === 'ok', code, detail };

const checkConfigs = (ports: ReadinessPorts): CheckResult => {
  const now = ports.now();
  const configs = ports.configs();
  const expired = configs.find(({ expiresAtMs }) => expiresAtMs <= now);
  if (expired !== undefined) return passed('config-expired', { service: expired.service });
  if (configs.length === 0) return passed('config-missing');
  if (ports.statusUntilMs() <= now) return passed('status-expired');
  const soonest = Math.min(...configs.map(({ expiresAtMs }) => expiresAtMs));
  return passed('ok', { expiresAt: new Date(epochMs(soonest)).toISOString() });
};

const checkWorkers = (ports: ReadinessPorts): CheckResult => {
  const { listening, wanted } = ports.workers();
  // One worker serves everything, only slower; none serves nothing.
  return passed(listening > 0 ? 'ok' : 'no-worker', { listening, wanted });
};

const judge = async (ports: ReadinessPorts): Promise<Readiness> => {
  const checks = {
    draining: passed(ports.isDraining() ? 'draining' : 'ok'),
    workers: checkWorkers(ports),
    storage: passed(await ports.probeStorage()),
    config: checkConfigs(ports),
  };
  return { ready: Object.values(checks).every(({ ok }) => ok), checks };
};

/** Judges readiness, at most once a second. A stop shows at once. */
export const createReadiness = (ports: ReadinessPorts): (() => Promise<Readiness>) => {
  let held: { readonly at: EpochMs; readonly isDraining: boolean; readonly answer: Promise<Readiness> } | undefined;
  return () => {
    const at = ports.now();
    const isDraining = ports.isDraining();
    const isFresh = held !== undefined && held.isDraining === isDraining && at >= held.at && at - held.at < keptMs;
    if (held === undefined || !isFresh) held = { at, isDraining, answer: judge(ports) };
    return held.answer;
  };
};
