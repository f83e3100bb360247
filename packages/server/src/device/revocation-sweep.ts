/**
 * Looks through the devices whenever a list of revoked certificates changes, and once at the start: evidence that was good when it was made may rest on a
 * keybox that leaked since. Such a device owes new evidence at once; what it shows then is judged by the new list.
 */
import { listedCertificate, type Revocations } from '@hauberk/attestation';
import { isActiveState } from '@hauberk/device';
import type { EpochMs } from '@hauberk/primitives';
import type { Log } from '../gateway/log.ts';
import type { AttestationStore } from '../storage/attestation-store.ts';
import type { Scope } from '../storage/scope.ts';
import { readKeptEvidence } from './appraise-enrolment.ts';
import type { DeviceAdministration } from './device-administration.ts';

/** What a sweep works with. */
export interface SweepParts {
  readonly scopes: readonly Scope[];
  readonly attestations: Pick<AttestationStore, 'search' | 'record'>;
  readonly revocations: (now: EpochMs) => Revocations;
  readonly reportRisk: DeviceAdministration['reportRisk'];
  readonly log: Log;
  readonly now: () => EpochMs;
  /** Milliseconds between two looks at the lists; 1000 when absent. */
  readonly everyMs?: number;
}

/** A sweep that goes on. */
export interface RevocationSweep {
  readonly stop: () => Promise<void>;
}

/** Devices of one slice: between two of them other work of the thread has its turn. */
const slice = 64;
const platforms = ['android', 'harmony'] as const;
const later = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What the lists are: by identity, as a list that did not change is the same one. */
const isSame = (left: Revocations | undefined, right: Revocations): boolean =>
  left !== undefined && left.android === right.android && left.huks === right.huks;

/** Sweeps. A round that fails is told, and comes again at the next look. */
export const sweepRevocations = (parts: SweepParts): RevocationSweep => {
  const { scopes, attestations, log, now, everyMs = 1000 } = parts;
  let isStopped = false;
  let swept: Revocations | undefined;
  let running: Promise<void> | undefined;
  let rounds = 0;

  /** Whether the device now owes evidence because of this. */
  const judge = async (scope: Scope, device: string, lists: Revocations): Promise<boolean> => {
    const found = await attestations.record(scope, device);
    if (found?.evidence === undefined || !isActiveState(found.record.state)) return false;
    if (found.record.demand !== undefined) return false;
    const evidence = readKeptEvidence(found.evidence);
    const listed = evidence === undefined ? undefined : listedCertificate(evidence, lists);
    if (listed === undefined) return false;
    return (await parts.reportRisk(device, { actor: 'gateway', reason: listed })).ok;
  };

  const sweepScope = async (
    scope: Scope,
    platform: (typeof platforms)[number],
    lists: Revocations,
  ): Promise<number> => {
    let touched = 0;
    let afterId = '';
    while (!isStopped) {
      const page = await attestations.search(scope, { platform, afterId, limit: slice });
      for (const { device } of page) if (await judge(scope, device.id, lists)) touched += 1;
      const last = page.at(-1);
      if (last === undefined || page.length < slice) break;
      afterId = last.device.id;
      await later();
    }
    return touched;
  };

  const sweep = async (lists: Revocations): Promise<void> => {
    let touched = 0;
    for (const scope of scopes) for (const platform of platforms) touched += await sweepScope(scope, platform, lists);
    if (touched > 0) log.warn('attestation.chain-listed', { devices: touched });
  };

  const look = (): void => {
    if (running !== undefined) return;
    const lists = parts.revocations(now());
    // Twice: a worker thread may have enrolled a device by the old list while the first round passed by.
    if (!isSame(swept, lists)) rounds = 0;
    if (rounds >= 2) return;
    const isEmpty = lists.android === undefined && lists.huks === undefined;
    running = (isEmpty ? Promise.resolve() : sweep(lists))
      .then(
        () => {
          swept = lists;
          rounds += 1;
        },
        (error: unknown) => log.error('attestation.sweep-failed', { error }),
      )
      .finally(() => {
        running = undefined;
      });
  };
  const timer = setInterval(look, everyMs);
  timer.unref();
  look();
  return {
    stop: async () => {
      isStopped = true;
      clearInterval(timer);
      await running;
    },
  };
};
