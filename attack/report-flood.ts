import { accessOf, newReporter, placeOf, reportOf, seenBy } from './access-reporter.ts';
import type { Attack } from './attack.ts';
import type { OwnGateway, World } from './world.ts';

const rows = 200;

const gatewayWith = (world: World, newChainsPerDevice: number): Promise<OwnGateway> =>
  world.gatewayWith((config) => ({
    ...config,
    privacy: { ...config.privacy, limits: { ...config.privacy.limits, newChainsPerDevice } },
  }));

const countChains = async (gateway: OwnGateway): Promise<number> => {
  const { office } = await seenBy(gateway);
  let count = 0;
  for (let after: string | undefined; ; ) {
    const page = await office.chains(after, 200);
    count += page.length;
    if (page.length < 200) return count;
    after = page.at(-1)?.chain;
  }
};

/** One phone tells of ever new chains; answers how many of them stand in the record. */
const flood = async (gateway: OwnGateway): Promise<number> => {
  const before = await countChains(gateway);
  const reporter = await newReporter(gateway);
  for (let batch = 0; batch < 2; batch += 1) {
    const accesses = Array.from({ length: rows }, (_, index) => accessOf(placeOf(`flood-${batch}-${index}`).chain));
    await reporter.tell(reportOf('privacy.accesses', { accesses }));
  }
  return (await countChains(gateway)) - before;
};

/** A phone makes the record grow with chains that nobody ever ran. */
export const attack: Attack = {
  id: 'report-flood',
  title: 'one phone reports call chains without end',
  expected: 'a bounded number of them is kept, the rest is counted together',
  needs: 'own-gateway',
  run: async (world) => {
    const kept = await flood(world.gateway);
    return { observed: `${kept} of ${2 * rows} chains kept`, held: kept === 64 };
  },
  control: async (world) => {
    const gateway = await gatewayWith(world, 100_000);
    try {
      return (await flood(gateway)) === 2 * rows;
    } finally {
      await gateway.close();
    }
  },
};
