/** A customer with a step-up key: enrols it over the protected session and signs transactions with it. */
import {
  context,
  encodeStepUpAnswer,
  endpoint,
  enrolmentPayload,
  signDocumentAsync,
  stepUpBytes,
  targetOf,
  thumbprintInput,
  transactionBytes,
} from '@hauberk/channel/client';
import { nodeAsyncCrypto as crypto } from '@hauberk/crypto/node';
import { fromBase64Url, type KeyPair, utf8 } from '@hauberk/primitives';
import { send } from './http-call.ts';
import { bareJson, type Victim } from './victim.ts';
import { type Answer, call } from './wire-client.ts';

/** Enrols a step-up key for the victim's device. */
export const enrolStepUpKey = async (victim: Victim): Promise<KeyPair> => {
  const { organisation, app, service, gateway } = victim.target;
  const asked = {
    method: 'POST',
    path: endpoint.enrolChallenge,
    headers: { 'content-type': 'application/json' },
    body: utf8(JSON.stringify({ organisation, app, service })),
  };
  const challenge = fromBase64Url(String(bareJson(await send(gateway, asked))['challenge'])) ?? new Uint8Array(32);
  const key = await crypto.generateKeyPair('p256', 'sign');
  const { deviceId } = victim.device;
  const payload = enrolmentPayload({
    challenge,
    publicKey: key.publicKey,
    purpose: 'step-up',
    organisation,
    app,
    service,
    evidence: { kind: 'software' },
    deviceId,
  });
  const body = await signDocumentAsync(crypto, key.privateKey, context.enrol, payload);
  const answer = await call(victim.target, victim.session, 'POST', endpoint.enrol, {
    headers: { 'content-type': 'text/plain' },
    body,
  });
  if (!answer.bound || answer.status >= 300) throw new Error(`step-up enrolment: ${answer.status} ${answer.code}`);
  return key;
};

const largePath = '/api/transfers/large';

/** Sends a large payment, with a step-up answer when there is one. */
export const largeTransfer = (victim: Victim, body: string, key: string, stepUp?: string): Promise<Answer> =>
  call(victim.target, victim.session, 'POST', largePath, {
    body,
    headers: {
      authorization: victim.authorization,
      'idempotency-key': key,
      ...(stepUp === undefined ? {} : { 'hauberk-step-up': stepUp }),
    },
  });

/** Signs the challenge of a step-up problem for the transaction with that body. */
export const approve = async (
  victim: Victim,
  key: KeyPair,
  problem: Answer,
  body: string,
  path: string = largePath,
): Promise<string> => {
  const challenge = fromBase64Url(String(problem.json['challenge'])) ?? new Uint8Array(0);
  const digest = await crypto.sha256(
    transactionBytes({
      deviceId: victim.device.deviceId,
      customerId: String(problem.json['customerId']),
      service: victim.target.service,
      target: targetOf('POST', path),
      bodyHash: await crypto.sha256(utf8(body)),
    }),
  );
  return encodeStepUpAnswer({
    challenge,
    keyThumbprint: await crypto.sha256(thumbprintInput(key.publicKey)),
    signature: await crypto.sign(key.privateKey, stepUpBytes(challenge, digest)),
  });
};
