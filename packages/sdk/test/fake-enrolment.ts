/** The devices of the fake gateway. */
import { type KnownDevice, thumbprintInput, verifyEnrolment } from '@hauberk/channel';
import { nodeCrypto } from '@hauberk/crypto/node';
import { type Bytes, toBase64Url } from '@hauberk/primitives';

/** What enrolment answers. */
export interface Enrolled {
  readonly deviceId: string;
  readonly thumbprint: string;
  readonly tier: number;
}

/** Challenges, identity keys and step-up keys. */
export class FakeEnrolment {
  readonly #challenges = new Set<string>();
  readonly #devices = new Map<string, KnownDevice>();
  readonly #stepUpKeys = new Map<string, { readonly deviceId: string; readonly publicKey: Bytes }>();

  challenge(): string {
    const challenge = toBase64Url(nodeCrypto.random(32));
    this.#challenges.add(challenge);
    return challenge;
  }

  find(thumbprint: string): KnownDevice | undefined {
    return this.#devices.get(thumbprint);
  }

  findStepUpKey(thumbprint: string): { readonly deviceId: string; readonly publicKey: Bytes } | undefined {
    return this.#stepUpKeys.get(thumbprint);
  }

  forgetStepUpKeys(): void {
    this.#stepUpKeys.clear();
  }

  /** All records are lost. */
  forget(): void {
    this.#devices.clear();
    this.#stepUpKeys.clear();
  }

  enrolIdentity(document: string): Enrolled | undefined {
    const request = this.#verify(document);
    if (request?.purpose !== 'identity' || request.deviceId !== null) return undefined;
    const thumbprint = toBase64Url(nodeCrypto.sha256(thumbprintInput(request.publicKey)));
    const held = this.#devices.get(thumbprint);
    const deviceId = held?.deviceId ?? nodeCrypto.random(16);
    const { publicKey } = request;
    const device = {
      deviceId,
      publicKey,
      tier: 0,
      generation: 1,
      active: true,
      verdictReference: 'software',
      attested: '',
      evidenceDue: false,
    };
    this.#devices.set(thumbprint, device);
    return { deviceId: toBase64Url(deviceId), thumbprint, tier: 0 };
  }

  enrolStepUp(document: string, deviceId: string): Enrolled | undefined {
    const request = this.#verify(document);
    if (request?.purpose !== 'step-up' || request.deviceId !== deviceId) return undefined;
    const thumbprint = toBase64Url(nodeCrypto.sha256(thumbprintInput(request.publicKey)));
    this.#stepUpKeys.set(thumbprint, { deviceId, publicKey: request.publicKey });
    return { deviceId, thumbprint, tier: 0 };
  }

  #verify(document: string) {
    const verified = verifyEnrolment(nodeCrypto, document);
    if (!verified.ok || !this.#challenges.delete(toBase64Url(verified.value.challenge))) return undefined;
    return verified.value;
  }
}
