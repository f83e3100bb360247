/** Approving a transaction: the user is asked every time, then the step-up key signs exactly what was shown. */
import { encodeStepUpAnswer, endpoint, stepUpBytes, thumbprintInput, transactionBytes } from '@hauberk/channel/client';
import { type Bytes, fromBase64Url, fromUtf8, utf8 } from '@hauberk/primitives';
import { type Call, ownCall } from './call.ts';
import type { CoreContext } from './core-context.ts';
import type { DeviceKeeper } from './device-keeper.ts';
import type { OpenedReply } from './exchange.ts';
import { HauberkError } from './hauberk-error.ts';
import type { StepUpStep } from './options.ts';
import type { OuterProblem } from './outer-problem.ts';
import type { PlainAnswer } from './plain-call.ts';
import type { Session } from './session.ts';

/** What a step-up works with. */
export interface StepUpParts {
  readonly context: CoreContext;
  readonly device: DeviceKeeper;
  /** Sends a call of the client's own in the session. */
  readonly send: (call: Call) => Promise<OpenedReply>;
}

const steps: readonly StepUpStep[] = ['device-key', 'otp', 'webauthn', 'rebind'];

interface Demand {
  readonly step: StepUpStep;
  readonly challenge: Bytes;
  readonly expiresAtMs: number;
  readonly customerId: string;
}

const readDemand = ({ members }: OuterProblem): Demand | undefined => {
  const { challenge, expiresAtMs, customerId, step = 'device-key' } = members;
  const asked = steps.find((each) => each === step);
  const bytes = typeof challenge === 'string' ? fromBase64Url(challenge) : undefined;
  if (bytes?.length !== 32 || typeof expiresAtMs !== 'number' || asked === undefined) return undefined;
  return { step: asked, challenge: bytes, expiresAtMs, customerId: typeof customerId === 'string' ? customerId : '' };
};

const answerOf = ({ body, problem }: OpenedReply): PlainAnswer => {
  if (problem !== undefined) return { problem };
  return { text: body instanceof Uint8Array ? (fromUtf8(body) ?? '') : '' };
};

/** Whether a problem can be answered here at all. */
export const isAnswerable = (context: CoreContext, call: Call, problem: OuterProblem): boolean =>
  problem.code === 'step-up-required' &&
  problem.execution === 'none' &&
  call.stream === undefined &&
  context.options.confirm !== undefined &&
  readDemand(problem) !== undefined;

/** The `hauberk-step-up` header that answers a problem; undefined where none is needed, after a new binding. Throws when the user declines. */
export const answerStepUp = async (
  parts: StepUpParts,
  session: Session,
  call: Call,
  problem: OuterProblem,
): Promise<string | undefined> => {
  const { context, device } = parts;
  const { crypto } = context.ports;
  const demand = readDemand(problem);
  if (demand === undefined || context.options.confirm === undefined)
    throw new HauberkError('step-up-refused', { phase: 'verify', execution: 'none', detail: 'demand' });
  const { challenge, customerId, expiresAtMs, step } = demand;
  const { method, path, query } = call.target;
  const isConfirmed = await context.options.confirm({
    step,
    method,
    path,
    query,
    body: call.body,
    customerId,
    expiresAtMs,
  });
  if (!isConfirmed) throw new HauberkError('step-up-declined', { phase: 'connect', execution: 'none' });
  if (step === 'rebind') return undefined;
  const { deviceId } = session.client.core;
  const key = await device.stepUpKey(deviceId, async (document) =>
    answerOf(await parts.send(ownCall(endpoint.enrol, 'text/plain', utf8(document), false))),
  );
  const bodyHash = await crypto.sha256(call.body);
  const transaction = { deviceId, customerId, service: context.options.service, target: call.target, bodyHash };
  const digest = await crypto.sha256(transactionBytes(transaction));
  const signature = await crypto.sign(key.privateKey, stepUpBytes(challenge, digest));
  const keyThumbprint = await crypto.sha256(thumbprintInput(key.publicKey));
  return encodeStepUpAnswer({ challenge, keyThumbprint, signature });
};
