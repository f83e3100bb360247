/**
 * Trusted statements over HTTP, for servers that are not TypeScript. The key is one that the device registered here, or one that the caller holds;
 * the challenge is one that was issued here, and is then taken back exactly once, or the caller's own.
 */
import {
  isRawPoint,
  type TrustedExpectations,
  type TrustedKind,
  thumbprintInput,
  type VerifiedStatement,
  verifyTrustedCapture,
  verifyTrustedStatement,
} from '@hauberk/channel';
import { nodeCrypto } from '@hauberk/crypto/node';
import { isActiveState, mayState } from '@hauberk/device';
import { after, type Bytes, type EpochMs, fromBase64Url, type Result, refuse, toBase64Url } from '@hauberk/primitives';
import { challengeRoom, enrolmentChallengeLife } from '../storage/enrolment-challenges.ts';
import type { Scope } from '../storage/scope.ts';
import type { RegisteredKey } from '../storage/trusted-key-store.ts';
import { type AdminRefusal, deny } from './admin-problem.ts';
import type { Administration } from './administration.ts';
import { scopeOf } from './device-operations.ts';
import { type AdminReply, type Operation, operation, reply } from './operation.ts';
import {
  type StatementQuestion,
  statementAnswerSchema,
  statementChallengeSchema,
  statementQuestionSchema,
} from './statement-documents.ts';

const bytesOf = (text: string): Bytes => fromBase64Url(text) ?? new Uint8Array(0);

const judge = (
  question: StatementQuestion,
  scope: Scope,
  publicKey: Uint8Array,
  now: EpochMs,
): Result<VerifiedStatement, string> => {
  const { statement, kind, service, prompt, maxAgeMs, capture } = question;
  const data = { sha256: bytesOf(question.dataSha256) };
  if (!isRawPoint(publicKey) || data.sha256.length !== 32) return refuse('trusted.malformed');
  const expected: TrustedExpectations = {
    kind,
    organisation: scope.organisation,
    app: scope.app,
    service,
    publicKey,
    thumbprint: toBase64Url(nodeCrypto.sha256(thumbprintInput(publicKey))),
    challenge: bytesOf(question.challenge),
    now,
    ...(maxAgeMs === undefined ? {} : { maxAgeMs }),
    ...(prompt === undefined ? {} : { prompt }),
  };
  if (kind !== 'capture') return verifyTrustedStatement(nodeCrypto, statement, data, expected);
  if (capture === undefined) return refuse('trusted.malformed');
  return verifyTrustedCapture(nodeCrypto, statement, { media: data, ...capture }, expected);
};

/** The device that a statement must be of, with the key that its kind asks for. */
interface Stating {
  readonly key: RegisteredKey;
  readonly device: { readonly id: string; readonly tier: number; readonly tierName: string };
}

/** The one key of a device that may make statements of a kind. */
const statingKey = async (
  administration: Administration,
  scope: Scope,
  id: string,
  kind: TrustedKind,
): Promise<Result<Stating, string>> => {
  const shown = await administration.devicesOf(scope).show(id);
  if (!shown.ok) return refuse('trusted.device-unknown');
  const { state, tier, tierName } = shown.value;
  if (!isActiveState(state)) return refuse('trusted.device-off', state);
  const keys = await administration.stores.trustedKeys.ofDevice(scope, id);
  const key = keys.find((each) => each.endedAtMs === null && mayState(each, kind));
  return key === undefined
    ? refuse('trusted.key-unregistered')
    : { ok: true, value: { key, device: { id, tier, tierName } } };
};

const challengeReasons = {
  'challenge-foreign': 'trusted.challenge',
  'challenge-expired': 'trusted.challenge-expired',
  'challenge-used': 'trusted.challenge-used',
} as const;

/** Takes a challenge that was issued here back: of all questions with it exactly one goes on. Undefined when it does. */
const takeBack = async (
  administration: Administration,
  scope: Scope,
  challenge: Uint8Array,
  now: EpochMs,
): Promise<string | AdminRefusal | undefined> => {
  const taken = await administration.stores.challenges.consume(challengeRoom(scope, 'statement'), challenge, now);
  if (taken.ok) return undefined;
  return taken.code in challengeReasons
    ? challengeReasons[taken.code as keyof typeof challengeReasons]
    : deny('overloaded');
};

const refused = (reason: string): AdminReply =>
  reply(200, { holds: false, reason, createdAtMs: null, mediaType: null, device: null, key: null });

const answerOf = (verified: Result<VerifiedStatement, string>, stating: Stating | undefined): AdminReply => {
  if (!verified.ok) return refused(verified.code);
  const { createdAtMs, mediaType } = verified.value;
  const key =
    stating === undefined
      ? null
      : {
          purpose: stating.key.purpose,
          thumbprint: stating.key.thumbprint,
          level: stating.key.tier,
          userBinding: stating.key.userBinding,
        };
  return reply(200, { holds: true, reason: null, createdAtMs, mediaType, device: stating?.device ?? null, key });
};

const verify = async (
  administration: Administration,
  scope: Scope,
  question: StatementQuestion,
  now: EpochMs,
): Promise<AdminReply | AdminRefusal> => {
  const { device, publicKey, kind, challenge, challengeOf } = question;
  if ((device === undefined) === (publicKey === undefined))
    return deny('malformed', {
      errors: [{ in: 'body', pointer: '/device', message: 'name either `device` or `publicKey`' }],
    });
  const stating = device === undefined ? undefined : await statingKey(administration, scope, device, kind);
  if (stating?.ok === false) return refused(stating.code);
  const point = stating === undefined ? bytesOf(publicKey ?? '') : stating.value.key.publicKey;
  const verified = judge(question, scope, point, now);
  // Only a statement that holds uses its challenge up: else whoever sees a challenge could spoil it.
  if (verified.ok && challengeOf === 'gateway') {
    const fault = await takeBack(administration, scope, bytesOf(challenge), now);
    if (fault !== undefined) return typeof fault === 'string' ? refused(fault) : fault;
  }
  return answerOf(verified, stating?.value);
};

const issueChallenge: Operation = operation({
  id: 'issueStatementChallenge',
  method: 'POST',
  path: '/apps/{app}/statement-challenges',
  tag: 'devices',
  summary: 'A challenge for one trusted statement: five minutes, used up by the one verification that holds.',
  access: { kind: 'app', area: 'devices', verb: 'read' },
  replies: { 201: { description: 'The challenge.', schema: statementChallengeSchema } },
  run: async ({ administration, path, now }, caller) => {
    const room = challengeRoom(scopeOf(caller, path), 'statement');
    const challenge = await administration.stores.challenges.issue(room, now);
    return reply(201, { challenge: toBase64Url(challenge), expiresAtMs: after(now, enrolmentChallengeLife) });
  },
});

const verifyStatement: Operation = operation({
  id: 'verifyStatement',
  method: 'POST',
  path: '/apps/{app}/statements/verify',
  tag: 'devices',
  summary:
    'Says whether a trusted statement of an app holds: by the key that a device registered, or by a key of yours.',
  access: { kind: 'app', area: 'devices', verb: 'read' },
  body: statementQuestionSchema,
  replies: { 200: { description: 'Whether it holds.', schema: statementAnswerSchema } },
  run: ({ administration, path, body, now }, caller) => verify(administration, scopeOf(caller, path), body, now),
});

/** Operations on trusted statements. */
export const statementOperations: readonly Operation[] = [issueChallenge, verifyStatement];
