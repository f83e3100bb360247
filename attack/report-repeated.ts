import { accessOf, newReporter, placeOf, reportOf, seenBy } from './access-reporter.ts';
import type { Attack } from './attack.ts';
import type { OwnGateway } from './world.ts';

const times = 12;

/** Tells of one call many times over two sessions, with whatever happens between them; answers how often it was counted. */
const repeat = async (gateway: OwnGateway, id: string | undefined, between: () => Promise<void>): Promise<number> => {
  const { chain } = placeOf(`repeated-${Date.now()}`);
  const body = { accesses: [accessOf(chain)] };
  const first = await newReporter(gateway);
  for (let left = times / 2; left > 0; left -= 1) await first.tell(reportOf('privacy.accesses', body, id));
  await seenBy(gateway);
  await between();
  const again = await newReporter(gateway, first.device);
  const rest = Array.from({ length: times / 2 }, () => reportOf('privacy.accesses', body, id));
  await Promise.all(rest.map((report) => again.tell(report)));
  return (await (await seenBy(gateway)).finding(chain))?.finding.count ?? 0;
};

/** A report is told again and again, so that one call looks like many. */
export const attack: Attack = {
  id: 'report-repeated',
  title: 'one report is sent many times, over sessions and a restart of the gateway',
  expected: 'its calls are counted once',
  needs: 'own-gateway',
  run: async (world) => {
    const gateway = await world.gatewayWith((config) => config);
    const counted = await repeat(gateway, 'the-same', () => gateway.restart());
    await gateway.close();
    return { observed: `counted ${counted} of ${times}`, held: counted === 1 };
  },
  control: async ({ gateway }) => (await repeat(gateway, undefined, async () => {})) === times,
};
