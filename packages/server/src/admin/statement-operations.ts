/** Trusted statements over HTTP, for servers that are not TypeScript. Nothing is stored: the caller issued the challenge and holds the key. */
import {
  isRawPoint,
  type TrustedExpectations,
  thumbprintInput,
  type VerifiedStatement,
  verifyTrustedCapture,
  verifyTrustedStatement,
} from '@hauberk/channel';
import { nodeCrypto } from '@hauberk/crypto/node';
import { type Bytes, type EpochMs, fromBase64Url, type Result, refuse, toBase64Url } from '@hauberk/primitives';
import { type Operation, operation, reply } from './operation.ts';
import { type StatementQuestion, statementAnswerSchema, statementQuestionSchema } from './statement-documents.ts';

const bytesOf = (text: string): Bytes => fromBase64Url(text) ?? new Uint8Array(0);

const judge = (
  question: StatementQuestion,
  scope: { readonly organisation: string; readonly app: string },
  now: EpochMs,
): Result<VerifiedStatement, string> => {
  const { statement, kind, service, prompt, maxAgeMs, capture } = question;
  const publicKey = bytesOf(question.publicKey);
  const data = { sha256: bytesOf(question.dataSha256) };
  if (!isRawPoint(publicKey) || data.sha256.length !== 32) return refuse('trusted.malformed');
  const expected: TrustedExpectations = {
    kind,
    ...scope,
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

const verifyStatement: Operation = operation({
  id: 'verifyStatement',
  method: 'POST',
  path: '/apps/{app}/statements/verify',
  tag: 'devices',
  summary:
    'Says whether a trusted statement of an app holds. The challenge must have been issued and taken back by the caller.',
  access: { kind: 'app', area: 'devices', verb: 'read' },
  body: statementQuestionSchema,
  replies: { 200: { description: 'Whether it holds.', schema: statementAnswerSchema } },
  run: async ({ path, body, now }, { organisation }) => {
    const verified = judge(body, { organisation, app: path['app'] ?? '' }, now);
    if (!verified.ok) return reply(200, { holds: false, reason: verified.code, createdAtMs: null, mediaType: null });
    const { createdAtMs, mediaType } = verified.value;
    return reply(200, { holds: true, reason: null, createdAtMs, mediaType });
  },
});

/** Operations on trusted statements. */
export const statementOperations: readonly Operation[] = [verifyStatement];
