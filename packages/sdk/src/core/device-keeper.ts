/** The device's keys: made once, kept by the host, enrolled when the gateway does not know them. */
import {
  context,
  type Evidence,
  endpoint,
  enrolmentPayload,
  evidenceInput,
  type KeyPurpose,
  signDocumentAsync,
} from '@hauberk/channel/client';
import { type Bytes, fromBase64Url, type KeyPair } from '@hauberk/primitives';
import type { CoreContext } from './core-context.ts';
import { HauberkError } from './hauberk-error.ts';
import { readMembers } from './outer-problem.ts';
import { callPlain, type PlainAnswer } from './plain-call.ts';
import type { StoredKey } from './storage.ts';

/** How an enrolment document is delivered. */
export type EnrolmentCourier = (document: string) => Promise<PlainAnswer>;

const refused = (detail: string, traceId?: string): HauberkError =>
  new HauberkError('enrolment-refused', { phase: 'receive', execution: 'none', detail, traceId });

const textOf = (answer: PlainAnswer, member: string): string => {
  if ('problem' in answer) throw refused(answer.problem.code, answer.problem.traceId);
  const value = readMembers(answer.text)[member];
  if (typeof value !== 'string') throw refused(`no ${member}`);
  return value;
};

/** Keeps the keys of one device. */
export class DeviceKeeper {
  readonly #context: CoreContext;
  /** Awaited before the identity key is used: what an earlier start left half done may name another one. */
  ready: (() => Promise<void>) | undefined;
  #enrolling: Promise<StoredKey> | undefined;
  constructor(core: CoreContext) {
    this.#context = core;
  }

  /** The enrolled identity key; enrols one when there is none, as after an eviction. */
  async identity(): Promise<StoredKey> {
    await this.ready?.();
    const stored = await this.#context.ports.storage.read('identity');
    return stored === undefined || stored.deviceId === null ? this.enrol() : stored;
  }

  /**
   * Enrols the identity key. One that the gateway has forgotten is enrolled again as it is: whoever could forge a refusal on the way
   * would else make devices throw their keys away.
   */
  enrol(): Promise<StoredKey> {
    this.#enrolling ??= this.#enrolIdentity().finally(() => {
      this.#enrolling = undefined;
    });
    return this.#enrolling;
  }

  async #enrolIdentity(): Promise<StoredKey> {
    const { keyPair, deviceId } = await this.#enrolKey('identity', null, this.#post);
    return this.#context.ports.storage.update('identity', (held) => ({ keyPair: held?.keyPair ?? keyPair, deviceId }));
  }

  /** Brings new evidence of the device, under the key that it is bound by. */
  async attest(): Promise<void> {
    const { deviceId } = await this.identity();
    await this.#enrolKey('identity', deviceId, this.#post);
  }

  readonly #post: EnrolmentCourier = (text) =>
    callPlain(this.#context, endpoint.enrol, { contentType: 'text/plain', text });

  /** The step-up key of a device; `courier` delivers its enrolment inside the device's session. */
  async stepUpKey(deviceId: string, courier: EnrolmentCourier): Promise<KeyPair> {
    const { storage } = this.#context.ports;
    const stored = await storage.read('step-up');
    if (stored?.deviceId === deviceId) return stored.keyPair;
    const { keyPair } = await this.#enrolKey('step-up', deviceId, courier);
    await storage.update('step-up', () => ({ keyPair, deviceId }));
    return keyPair;
  }

  /** Forgets the step-up key: the gateway does not know it, so the next approval enrols a new one. */
  async dropStepUpKey(): Promise<void> {
    await this.#context.ports.storage.remove('step-up');
  }

  /** The key of a purpose with evidence for a challenge. Of two contexts that make one at the same time the first to store it wins. */
  async #prove(
    purpose: KeyPurpose,
    challengeFor: (boundKey?: Bytes) => Promise<Bytes>,
    isBound: boolean,
    name: 'successor' | KeyPurpose,
  ) {
    const { options, ports } = this.#context;
    const { device } = options;
    const held = await ports.storage.read(name);
    const made = held === undefined ? await device?.createKey(purpose, await challengeFor()) : undefined;
    const fresh = held?.keyPair ?? made?.keyPair ?? (await ports.crypto.generateKeyPair('p256', 'sign'));
    const { keyPair } = await ports.storage.update(name, (present) => present ?? { keyPair: fresh, deviceId: null });
    if (made !== undefined && keyPair === made.keyPair) return made;
    const challenge = await challengeFor(isBound ? keyPair.publicKey : undefined);
    const evidence: Evidence = (await device?.attest(keyPair, challenge)) ?? { kind: 'software' };
    return { keyPair, evidence };
  }

  /** A member of an answer; throws for problems. */
  readonly textOf: (answer: PlainAnswer, member: string) => string = textOf;

  /** A fresh challenge of the gateway: single use, five minutes. */
  async challenge(): Promise<Bytes> {
    const { organisation, app, service } = this.#context.options;
    const asked = { contentType: 'application/json', text: JSON.stringify({ organisation, app, service }) };
    const challenge = fromBase64Url(
      textOf(await callPlain(this.#context, endpoint.enrolChallenge, asked), 'challenge'),
    );
    if (challenge?.length !== 32) throw refused('challenge');
    return challenge;
  }

  /** Has a new identity key of the device enrolled, kept as `successor` until somebody knows that it is one. */
  succeed(deviceId: string, courier: EnrolmentCourier): Promise<unknown> {
    return this.#enrolKey('identity', deviceId, courier, 'successor');
  }

  async #enrolKey(
    purpose: KeyPurpose,
    deviceId: string | null,
    courier: EnrolmentCourier,
    name: 'successor' | KeyPurpose = purpose,
  ): Promise<{ keyPair: KeyPair; deviceId: string }> {
    const { options, ports } = this.#context;
    const { organisation, app, service } = options;
    const scope = { challenge: await this.challenge(), organisation, app, service };
    const isBound = name === 'identity' && deviceId !== null;
    const { keyPair, evidence } = await this.#prove(
      purpose,
      (boundKey) => ports.crypto.sha256(evidenceInput(scope, boundKey)),
      isBound,
      name,
    );
    const { publicKey, privateKey } = keyPair;
    const request = { ...scope, publicKey, purpose, evidence, deviceId };
    const document = await signDocumentAsync(ports.crypto, privateKey, context.enrol, enrolmentPayload(request));
    return { keyPair, deviceId: textOf(await courier(document), 'deviceId') };
  }
}
