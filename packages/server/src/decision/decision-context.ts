/** What is known of a request beside its event: what the channel verified, what hardware attested, what is in force. Nothing here is taken from the request's own words. */
import { tag, type VerifiedRequest } from '@hauberk/channel';
import type { ChannelResult, DecisionContext, DeviceContext, SignalInForce } from '@hauberk/decision';
import type { SignalsInForce } from '@hauberk/device';
import { type EpochMs, toEpochSeconds } from '@hauberk/primitives';
import type { ClusterOf } from '../clusters/cluster-table.ts';
import type { IdentityOf } from '../device/identity-table.ts';
import type { Reason } from '../gateway/reasons.ts';
import type { WorkerIntelligence } from '../intelligence/worker-intelligence.ts';
import { deviceMark, type Mark, type MarkKind, type TrapMarks } from './trap-marks.ts';

/** The signals in force of a device. Reads memory and waits for nothing. */
export type SignalsOf = (deviceId: string, now: EpochMs) => SignalsInForce;

/** The words of `hauberk-verified-attested`. */
const attestedWords = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text.split(';').map((entry) => {
      const at = entry.indexOf('=');
      return [entry.slice(0, at), entry.slice(at + 1)] as const;
    }),
  );

const deviceOf = ({ facts }: VerifiedRequest, sight: SignalsInForce): DeviceContext => {
  const { tier, attested } = facts;
  const known = {
    tier,
    isAttested: attested !== '',
    ...(sight.score === undefined ? {} : { score: sight.score }),
    band: sight.band,
  };
  if (attested === '') return known;
  const words = attestedWords(attested);
  const [boot, locked] = [words.get('boot'), words.get('locked')];
  return {
    ...known,
    // A device whose app is not approved gets no evidence accepted.
    isAppApproved: words.has('app'),
    ...(boot === undefined ? {} : { bootState: boot }),
    ...(locked === undefined ? {} : { isLocked: locked === 'true' }),
  };
};

/** Marks that a trap left. One that a policy laid under somebody is none: a policy must not find itself confirmed. */
const touches: readonly MarkKind[] = ['decoy', 'honey', 'canary'];
const signalsFrom = (mark: Mark | undefined, now: EpochMs): readonly SignalInForce[] =>
  mark?.kinds.some((kind) => touches.includes(kind)) === true
    ? [
        {
          code: 'behaviour.trapTouched',
          value: true,
          source: 'server',
          ageMs: Math.max(0, now - mark.sinceSeconds * 1000),
        },
      ]
    : [];

const modes = { [tag.signed]: 'signed', [tag.sealed]: 'sealed', [tag.chunked]: 'sealed' } as const;

/** What a context is made from beside the request. */
export interface ContextParts {
  readonly marks: TrapMarks;
  readonly signalsOf: SignalsOf;
  readonly clusterOf: ClusterOf;
  readonly identityOf: IdentityOf;
  readonly intelligence: Pick<WorkerIntelligence, 'signals'>;
}

/** The context of a verified request. Marks of its address are not asked: whoever shares one with an attacker is not one. */
export const verifiedContext = (
  { marks, signalsOf, clusterOf, identityOf }: ContextParts,
  request: VerifiedRequest,
  bindingState: string | undefined,
  told: readonly SignalInForce[],
  now: EpochMs,
): DecisionContext => {
  const { deviceId } = request.facts;
  const mark = marks.read(deviceMark(deviceId), toEpochSeconds(now));
  const sight = signalsOf(deviceId, now);
  const cluster = clusterOf(deviceId);
  const identity = identityOf(deviceId);
  const mine = [...signalsFrom(mark, now), ...told];
  const isSilent = sight.reportedAtMs === undefined && sight.signals.length === 0 && mine.length === 0;
  const signals = isSilent ? undefined : [...sight.signals, ...mine];
  return {
    channel: { result: 'verified', mode: modes[request.tag], clockSkewMs: request.createdMs - now },
    device: deviceOf(request, sight),
    ...(bindingState === undefined ? {} : { bindingState }),
    ...(signals === undefined ? {} : { signals }),
    ...(cluster === undefined ? {} : { cluster }),
    ...(identity === undefined ? {} : { identity }),
    touchedTraps: (mark?.kinds ?? []).filter((kind) => touches.includes(kind)),
  };
};

const results: Readonly<Partial<Record<Reason, ChannelResult>>> = {
  'request.unsigned': 'unsigned',
  'request.unprotected': 'unsigned',
  'request.replayed': 'replayed',
  'request.too-old-sequence': 'replayed',
  'request.clock-late': 'stale',
  'request.clock-ahead': 'stale',
  'request.signature': 'tampered',
  'request.digest': 'tampered',
  'request.seal': 'tampered',
  'request.chunk': 'tampered',
  'request.components': 'tampered',
};

/** What the channel made of a request that it refused; undefined for refusals that say nothing of who sent it, such as a session that ended. */
export const refusedResult = (reason: Reason): ChannelResult | undefined => results[reason];
