import type { Attack } from './attack.ts';
import { freshPayee, largeMinor, orderTo, payAsIs, unjudgedGateway } from './judged-ground.ts';
import { newVictim, nextReference, timesBooked, type Victim } from './victim.ts';
import type { World } from './world.ts';

/** One amount for the gateway and another for the bank: a doubled member, in every spelling that some reader takes for the same. */
const twins = (victim: Victim, reference: string): readonly string[] => {
  const order = orderTo(victim, freshPayee(victim, 1), largeMinor, reference).slice(1);
  return [
    `{"amountMinor":1,${order}`,
    `{"\\u0061mountMinor":1,${order}`,
    `{"AmountMinor":1,${order}`,
    `{"amountMinor[]":1,${order}`,
    `{"amountMinor ":1,${order}`,
  ];
};

/** Sends them all; answers the codes, and how often the bank booked. */
const pay = async (world: World, victim: Victim) => {
  const reference = nextReference();
  const codes: string[] = [];
  for (const body of twins(victim, reference)) codes.push((await payAsIs(victim, body)).code);
  return { codes, booked: await timesBooked(world.bank, reference) };
};

/** A payment that would be confirmed by the user shows the gateway a small amount and the bank a large one. */
export const attack: Attack = {
  id: 'decision-body-twins',
  title: 'a judged body that two readers read otherwise',
  expected: 'refused as malformed in every spelling, nothing booked',
  needs: 'own-gateway',
  run: async (world) => {
    const { codes, booked } = await pay(world, await newVictim(world.target()));
    return {
      observed: `${[...new Set(codes)].join(', ')}; booked ${booked} times`,
      held: booked === 0 && codes.every((code) => code === 'malformed' || code === 'forbidden'),
    };
  },
  control: async (world) => {
    // Without object grants, which read the body as strictly.
    const gateway = await unjudgedGateway(world, { objects: [] });
    try {
      return (await pay(world, await newVictim(gateway.target()))).booked > 0;
    } finally {
      await gateway.close();
    }
  },
};
