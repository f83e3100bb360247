/** Customers whose phones make trusted statements, and a server of the bank that has them verified. */
import type { AdminApi } from '@hauberk/admin-client';
import { type TrustedClaims, trustedBytes, trustedText } from '@hauberk/channel';
import { nodeAsyncCrypto, nodeCrypto } from '@hauberk/crypto/node';
import { type Bytes, fromBase64Url, toBase64Url, utf8 } from '@hauberk/primitives';
import { registerTrustedKey, type TrustedServices, trustedServices } from '@hauberk/sdk/trusted';
import { type SimulatedPhone, simulatedPhone } from '@hauberk/simulator';
import { administratorOf, firstAppOf } from './admin-people.ts';
import { appOn, type PhoneGround, phoneGround, type Signer } from './phones.ts';
import type { World } from './world.ts';

/** A customer, with keys that the gateway knows. */
export interface StatingCustomer {
  readonly phone: SimulatedPhone;
  readonly services: TrustedServices;
  readonly device: string;
}

/** What the server asks about a statement. */
export interface StatementAsk {
  readonly statement: string;
  readonly challenge: Uint8Array;
  readonly kind: 'sign' | 'verify-user';
  /** Whom it must be of: a device with its registered keys, or whoever has a key. */
  readonly by: { readonly device: string } | { readonly publicKey: string };
  /** Whether the gateway takes its challenge back; true when absent. */
  readonly isTakenBack?: boolean;
}

/** The ground of these attacks. */
export interface StatingGround {
  readonly ground: PhoneGround;
  readonly challenge: () => Promise<Bytes>;
  /** `holds`, or the reason. */
  readonly verify: (ask: StatementAsk) => Promise<string>;
  readonly customer: () => Promise<StatingCustomer>;
}

/** What is signed. */
export const order: Bytes = utf8('{"amount":"20.00","to":"Bob"}');
/** What is shown. */
export const words: { readonly title: string; readonly text: string } = {
  title: 'Payment',
  text: 'Pay 20.00 EUR to Bob?',
};

const verifierOf =
  (api: AdminApi, app: string, service: string): StatingGround['verify'] =>
  async ({ statement, challenge, kind, by, isTakenBack = true }) => {
    const { value } = await api.verifyStatement({
      app,
      body: {
        ...by,
        statement,
        kind,
        service,
        challenge: toBase64Url(Uint8Array.from(challenge)),
        challengeOf: isTakenBack ? 'gateway' : 'caller',
        dataSha256: toBase64Url(nodeCrypto.sha256(order)),
        ...(kind === 'verify-user' ? { prompt: words } : {}),
      },
    });
    return value.holds ? 'holds' : (value.reason ?? '');
  };

/** A gateway, a server with a token, and customers on demand. */
export const statingGround = async (world: World): Promise<StatingGround> => {
  const ground = await phoneGround(world);
  const { api } = await administratorOf(ground.gateway.running());
  const app = await firstAppOf({ api, issueTo: () => Promise.reject(new Error('not here')) });
  const { organisation, service } = ground.target;
  const scope = { organisation, app: ground.target.app, service, crypto: nodeAsyncCrypto, now: Date.now };
  return {
    ground,
    challenge: async () => {
      const { value } = await api.issueStatementChallenge({ app });
      return fromBase64Url(value.challenge) ?? new Uint8Array(0);
    },
    verify: verifierOf(api, app, service),
    customer: async () => {
      const phone = simulatedPhone('android', { world: ground.makers });
      const hauberk = appOn(ground.target, phone);
      const { deviceId = '' } = await hauberk.connect();
      const services = trustedServices(phone.backend, scope);
      for (const purpose of ['device', 'approve'] as const)
        await registerTrustedKey({ hauberk, services, purpose, level: 'hardware' });
      return { phone, services, device: deviceId };
    },
  };
};

/** Writes a statement of somebody's own making, signed by whatever signs. */
export const writeStatement = async (
  { target }: PhoneGround,
  claims: Pick<TrustedClaims, 'kind' | 'key' | 'challenge'>,
  sign: Signer,
): Promise<string> => {
  const { organisation, app, service } = target;
  const prompt = nodeCrypto.sha256(utf8(`${words.title}\u0000${words.text}`));
  const text = trustedText({
    ...claims,
    organisation,
    app,
    service,
    createdAtMs: Date.now(),
    digest: nodeCrypto.sha256(order),
    mediaType: 'application/json',
    ...(claims.kind === 'verify-user' ? { promptDigest: prompt } : {}),
  });
  return `${text}.${toBase64Url(Uint8Array.from(await sign(trustedBytes(text))))}`;
};
