import type { Attack } from './attack.ts';
import { orderTo, payAsIs, unjudgedGateway } from './judged-ground.ts';
import { newVictim, nextReference, victimCall } from './victim.ts';
import type { OwnGateway, World } from './world.ts';

/** Reads the forgotten export on one device and pays to what it says on another; answers what the bank saw of it. */
const steal = async (world: World, gateway: OwnGateway) => {
  const thief = await newVictim(gateway.target());
  const shown = JSON.stringify((await victimCall(thief, 'GET', '/api/internal/customers')).json);
  const [number = ''] = /[1-9]\d{17}/.exec(shown) ?? [];
  const buyer = await newVictim(gateway.target());
  const reference = nextReference();
  const answer = await payAsIs(buyer, orderTo(buyer, number === '' ? 'HB712026' : number, 100, reference));
  const reached = world.received.filter(({ body }) => String(body).includes(reference)).length;
  const mark = gateway.running().decisionDesk?.trapOf(buyer.device.deviceId);
  return { number, answer, reached, isMarked: mark?.kinds.includes('canary') === true };
};

/** An account number that a trap handed out is sold, and used by somebody else. */
export const attack: Attack = {
  id: 'decision-canary',
  title: 'a number from a decoy is used on another device',
  expected: 'a plausible reply, nothing at the bank, the device marked',
  needs: 'own-gateway',
  run: async (world) => {
    const { number, answer, reached, isMarked } = await steal(world, world.gateway);
    return {
      observed: `canary ${number === '' ? 'missing' : 'taken'}, answered ${answer.status}, ${reached} at the bank, ${isMarked ? 'marked' : 'not marked'}`,
      held: number !== '' && answer.status < 300 && answer.bound && reached === 0 && isMarked,
    };
  },
  control: async (world) => {
    const gateway = await unjudgedGateway(world);
    try {
      return (await steal(world, gateway)).reached > 0;
    } finally {
      await gateway.close();
    }
  },
};
