import { toBase64Url } from '@hauberk/primitives';
import { KeyRefusedError, registerTrustedKey, type TrustedServices } from '@hauberk/sdk/trusted';
import { simulatedPhone } from '@hauberk/simulator';
import type { Attack } from './attack.ts';
import { appOn, type PhoneGround, type Signer } from './phones.ts';
import { statingGround, writeStatement } from './stating-people.ts';
import type { World } from './world.ts';

/** What a script in the page can do: sign with the key that asks nobody, in the words of an approval. */
const misuse = async (world: World) => {
  const stating = await statingGround(world);
  const { phone, services, device } = await stating.customer();
  const challenge = await stating.challenge();
  const { thumbprint: key, publicKey } = await services.key('device');
  const sign: Signer = async (message) =>
    (await phone.backend.sign({ alias: 'hauberk.device', message: Uint8Array.from(message) })).signature;
  const statement = await writeStatement(stating.ground, { kind: 'verify-user', key, challenge }, sign);
  return {
    ...stating,
    device,
    services,
    phone,
    publicKey,
    asked: { statement, challenge, kind: 'verify-user' as const },
  };
};

/** The script has the phone make a key that asks nobody, and registers it as one that approves. */
const registerAsApproving = async ({ target, makers }: PhoneGround, services: TrustedServices): Promise<string> => {
  const hauberk = appOn(target, simulatedPhone('android', { world: makers }));
  await services.deleteKey('device');
  const careless: TrustedServices = {
    ...services,
    createKey: async (_purpose, asked) => ({ ...(await services.createKey('device', asked)), purpose: 'approve' }),
  };
  const work = registerTrustedKey({ hauberk, services: careless, purpose: 'approve', level: 'hardware' });
  return work.then(
    () => 'registered',
    (error: unknown) => (error instanceof KeyRefusedError ? error.code : String(error)),
  );
};

/** An approval by a key that was never made to ask the user. */
export const attack: Attack = {
  id: 'statement-foreign-purpose',
  title: 'a script approves with the phone’s key for signing, which asks nobody',
  expected: 'refused: approvals count by the key that was admitted to approve, and evidence says which may',
  needs: 'own-gateway',
  run: async (world) => {
    const { ground, verify, device, services, asked } = await misuse(world);
    const approved = await verify({ ...asked, by: { device } });
    const registered = await registerAsApproving(ground, services);
    return {
      observed: `approval ${approved}, registration ${registered}`,
      held: approved === 'trusted.key' && registered === 'refused',
    };
  },
  // A server that keeps one key for a device, whatever it is for.
  control: async (world) => {
    const { verify, publicKey, asked } = await misuse(world);
    return (await verify({ ...asked, by: { publicKey: toBase64Url(publicKey) } })) === 'holds';
  },
};
