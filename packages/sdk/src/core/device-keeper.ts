/** The device's keys: made once, kept by the host, enrolled when the gateway does not know them. */
import { context, endpoint, enrolmentPayload, type KeyPurpose, signDocumentAsync } from '@hauberk/channel/client';
import { fromBase64Url, type KeyPair } from '@hauberk/primitives';
import type { CoreContext } from './core-context.ts';
import { HauberkError } from './hauberk-error.ts';
import { readMembers } from './outer-problem.ts';
import { callPlain, type PlainAnswer } from './plain-call.ts';
import type { StoredKey } from './storage.ts';

const storedName = { identity: 'identity', 'step-up': 'step-up' } as const;

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
  #enrolling: Promise<StoredKey> | undefined;
  constructor(core: CoreContext) {
    this.#context = core;
  }

  /** The enrolled identity key; enrols one when there is none, as after an eviction. */
  async identity(): Promise<StoredKey> {
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
    const { keyPair } = await this.#keyFor('identity');
    const deviceId = await this.#enrolKey(keyPair, 'identity', null, (text) =>
      callPlain(this.#context, endpoint.enrol, { contentType: 'text/plain', text }),
    );
    return this.#context.ports.storage.update('identity', (held) => ({ keyPair: held?.keyPair ?? keyPair, deviceId }));
  }

  /** The step-up key of a device; `courier` delivers its enrolment inside the device's session. */
  async stepUpKey(deviceId: string, courier: EnrolmentCourier): Promise<KeyPair> {
    const stored = await this.#keyFor('step-up');
    if (stored.deviceId === deviceId) return stored.keyPair;
    await this.#enrolKey(stored.keyPair, 'step-up', deviceId, courier);
    await this.#context.ports.storage.update('step-up', () => ({ keyPair: stored.keyPair, deviceId }));
    return stored.keyPair;
  }

  /** Forgets the step-up key: the gateway does not know it, so the next approval enrols a new one. */
  async dropStepUpKey(): Promise<void> {
    await this.#context.ports.storage.remove('step-up');
  }

  /** The key of a purpose. Of two contexts that make one at the same time the first to store it wins. */
  async #keyFor(purpose: KeyPurpose): Promise<StoredKey> {
    const { storage, crypto } = this.#context.ports;
    const name = storedName[purpose];
    const held = await storage.read(name);
    if (held !== undefined) return held;
    const keyPair = await crypto.generateKeyPair('p256', 'sign');
    return storage.update(name, (present) => present ?? { keyPair, deviceId: null });
  }

  async #enrolKey(
    keyPair: KeyPair,
    purpose: KeyPurpose,
    deviceId: string | null,
    courier: EnrolmentCourier,
  ): Promise<string> {
    const { options, ports } = this.#context;
    const { organisation, app, service } = options;
    const asked = { contentType: 'application/json', text: JSON.stringify({ organisation, app, service }) };
    const challenge = fromBase64Url(
      textOf(await callPlain(this.#context, endpoint.enrolChallenge, asked), 'challenge'),
    );
    if (challenge?.length !== 32) throw refused('challenge');
    const evidence = { kind: 'software' } as const;
    const { publicKey, privateKey } = keyPair;
    const request = { challenge, publicKey, purpose, organisation, app, service, evidence, deviceId };
    const document = await signDocumentAsync(ports.crypto, privateKey, context.enrol, enrolmentPayload(request));
    return textOf(await courier(document), 'deviceId');
  }
}
