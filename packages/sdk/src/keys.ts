/**
 * The device's identity key after enrolment, for every platform: it hands over to another one, and devices of several apps of a bank on one phone become
 * one. `createHauberk({ …, keys })` with `keys = openKeys()`.
 */
import { endpoint, type LinkStatement, linkBytes, readLinkBytes, signLink } from '@hauberk/channel/client';
import { fromBase64Url, fromUtf8, toBase64Url } from '@hauberk/primitives';
import type { KeysHost, KeysPlug } from './core/keys-port.ts';
import type { PlainAnswer } from './core/plain-call.ts';
import { isRefused, retire, settleSuccessor } from './keys/succession.ts';
import type { SharedIdentity, SharedRoute } from './keys/ways.ts';

export { otherApp, type SharedIdentity, type SharedRoute, sharedKey } from './keys/ways.ts';

/** One device of several apps from now on. */
export interface Linked {
  /** The same for all of them. */
  readonly identity: string;
  /** Which way it was proved; they are not equally strong. */
  readonly route: SharedRoute;
}

/** The keys of one client. Methods throw `HauberkError`. */
export interface DeviceKeys extends KeysPlug {
  /**
   * The identity key hands over to a new one, under both signatures; the old one never opens a session again. Sessions of the device end. What a kill or
   * a lost answer left open is settled at the next use of the key, or the next `rotate`.
   */
  readonly rotate: () => Promise<void>;
  /** Makes this device one with those of the bank's other apps, by the strongest way that works here; undefined when none does. */
  readonly link: (ways: readonly SharedIdentity[]) => Promise<Linked | undefined>;
  /**
   * Signs for another app of the bank on this phone, which asked by the host's own means (see `otherApp`). Undefined for whatever is no question of this organisation.
   * Only the host knows who asks: answer nobody but apps with the bank's own signature.
   */
  readonly answer: (question: string) => Promise<string | undefined>;
}

/** Sends a document in the device's session. */
const sendSealed = async (host: KeysHost, path: string, contentType: string, text: string): Promise<PlainAnswer> => {
  const { problem, body } = await host.send(path, contentType, text);
  if (problem !== undefined) return { problem };
  return { text: body instanceof Uint8Array ? (fromUtf8(body) ?? '') : '' };
};

const rotate = async (parts: KeysHost): Promise<void> => {
  const { device, sessions, context } = parts;
  await settleSuccessor(parts);
  const { deviceId } = (await sessions.acquire()).client.core;
  try {
    await device.succeed(deviceId, (document) => sendSealed(parts, endpoint.enrol, 'text/plain', document));
  } catch (error) {
    // A refusal came inside the session, so it is the gateway's: nothing was handed over. Anything else leaves that open.
    if (isRefused(error)) await context.ports.storage.remove('successor');
    throw error;
  }
  await retire(parts, deviceId);
};

const link = async (parts: KeysHost, ways: readonly SharedIdentity[]): Promise<Linked | undefined> => {
  const { device, sessions, context } = parts;
  const { organisation, app } = context.options;
  const { deviceId } = (await sessions.acquire()).client.core;
  const challenge = await device.challenge();
  const statementOf = (route: SharedRoute): LinkStatement => ({ challenge, organisation, app, deviceId, route });
  const signed = await signLink(ways, statementOf);
  if (signed === undefined) return undefined;
  const { route, publicKey, signature } = signed;
  const { keyPair } = await device.identity();
  const own = await context.ports.crypto.sign(keyPair.privateKey, linkBytes(statementOf(route)));
  const proof = {
    challenge: toBase64Url(challenge),
    route,
    ownSignature: toBase64Url(own),
    sharedKey: toBase64Url(publicKey),
    sharedSignature: toBase64Url(signature),
  };
  const answer = await sendSealed(parts, endpoint.link, 'application/json', JSON.stringify(proof));
  return { identity: device.textOf(answer, 'identity'), route };
};

const answer = async (parts: KeysHost, question: string): Promise<string | undefined> => {
  const bytes = fromBase64Url(question);
  const statement = bytes === undefined ? undefined : readLinkBytes(bytes);
  const { organisation, app } = parts.context.options;
  const isOurs = statement?.organisation === organisation && statement.app !== app && statement.route === 'server-link';
  if (bytes === undefined || !isOurs) return undefined;
  const { keyPair } = await parts.device.identity();
  const signature = await parts.context.ports.crypto.sign(keyPair.privateKey, bytes);
  return JSON.stringify({ publicKey: toBase64Url(keyPair.publicKey), signature: toBase64Url(signature) });
};

/** The keys of the client that it is given to as the option `keys`. */
export const openKeys = (): DeviceKeys => {
  let attached: KeysHost | undefined;
  const parts = (): KeysHost => {
    if (attached !== undefined) return attached;
    throw new TypeError('keys: the option of createHauberk is not set');
  };
  return {
    attach: (host) => {
      attached = host;
      host.device.ready = () => settleSuccessor(host);
    },
    rotate: () => rotate(parts()),
    link: (ways) => link(parts(), ways),
    answer: (question) => answer(parts(), question),
  };
};
