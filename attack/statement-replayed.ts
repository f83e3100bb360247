import type { Attack } from './attack.ts';
import { order, statingGround, words } from './stating-people.ts';
import type { World } from './world.ts';

const twice = async (world: World, isTakenBack: boolean): Promise<readonly string[]> => {
  const { customer, challenge: issue, verify } = await statingGround(world);
  const { services, device } = await customer();
  const challenge = await issue();
  const given = { challenge, mediaType: 'application/json', prompt: words };
  const { statement } = await services.verifyUser(order, given);
  const asked = { statement, challenge, kind: 'verify-user', by: { device }, isTakenBack } as const;
  return [await verify(asked), ...(await Promise.all([verify(asked), verify(asked)]))];
};

/** One approval is shown three times, twice of them at once. */
export const attack: Attack = {
  id: 'statement-replayed',
  title: 'an approval is shown again',
  expected: 'the statement that held used its challenge up',
  needs: 'own-gateway',
  run: async (world) => {
    const answers = await twice(world, true);
    const held = answers.join() === 'holds,trusted.challenge-used,trusted.challenge-used';
    return { observed: answers.join(', '), held };
  },
  // A server with challenges of its own that forgets to take them back.
  control: async (world) => (await twice(world, false)).every((answer) => answer === 'holds'),
};
