import { thumbprintInput } from '@hauberk/channel';
import { nodeCrypto } from '@hauberk/crypto/node';
import { toBase64Url } from '@hauberk/primitives';
import type { Attack } from './attack.ts';
import { softwareSigner } from './phones.ts';
import { statingGround, writeStatement } from './stating-people.ts';
import type { World } from './world.ts';

const forge = async (world: World) => {
  const stating = await statingGround(world);
  const victim = await stating.customer();
  const challenge = await stating.challenge();
  const own = nodeCrypto.generateKeyPair('p256', 'sign');
  const { thumbprint } = await victim.services.key('approve');
  const named = await writeStatement(
    stating.ground,
    { kind: 'verify-user', key: thumbprint, challenge },
    softwareSigner(own),
  );
  const key = toBase64Url(nodeCrypto.sha256(thumbprintInput(own.publicKey)));
  const owned = await writeStatement(stating.ground, { kind: 'verify-user', key, challenge }, softwareSigner(own));
  return { ...stating, victim, challenge, own, named, owned };
};

/** An approval that no phone made: under the victim's key name, and under the forger's own. */
export const attack: Attack = {
  id: 'statement-forged',
  title: 'an approval is written and signed without any phone',
  expected: 'refused: the key that the victim’s device registered did not sign it',
  needs: 'own-gateway',
  run: async (world) => {
    const { verify, victim, challenge, named, owned } = await forge(world);
    const by = { device: victim.device };
    const [first, second] = [
      await verify({ statement: named, challenge, kind: 'verify-user', by }),
      await verify({ statement: owned, challenge, kind: 'verify-user', by }),
    ];
    return {
      observed: `under the victim's name: ${first}, under its own: ${second}`,
      held: first === 'trusted.signature' && second === 'trusted.key',
    };
  },
  // A server that takes the key from whoever brings the statement.
  control: async (world) => {
    const { verify, challenge, owned, own } = await forge(world);
    const by = { publicKey: toBase64Url(own.publicKey) };
    return (await verify({ statement: owned, challenge, kind: 'verify-user', by })) === 'holds';
  },
};
