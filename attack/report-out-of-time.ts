import { type AccessRow } from '@hauberk/privacy/client';
import { accessOf, newReporter, placeOf, refusedOf, reportOf, seenBy } from './access-reporter.ts';
import type { Attack } from './attack.ts';
import type { World } from './world.ts';

const minute = 60_000;
const at = (ago: number, count = 1): Partial<AccessRow> => {
  const lastAtMs = Date.now() - ago;
  return { count, firstAtMs: count === 1 ? lastAtMs : lastAtMs - 1000, lastAtMs, isForeground: true };
};

/** Tells 30 calls of one minute, as an SDK that polls; answers whether they were found too frequent. */
const poll = async (world: World, before: readonly Partial<AccessRow>[], name: string) => {
  const reporter = await newReporter(world.gateway);
  const { chain } = placeOf(`${name}-${Date.now()}`);
  const tell = (changes: Partial<AccessRow>) =>
    reporter.tell(reportOf('privacy.accesses', { accesses: [accessOf(chain, changes)] }));
  const refused: string[] = [];
  for (const changes of before) refused.push(refusedOf(await tell(changes)));
  await tell(at(30_000, 30));
  const kept = await (await seenBy(world.gateway)).finding(chain, 'over-frequency');
  return { refused, isFound: kept !== undefined };
};

/** Times in the future would make every honest row late for its window; times long past could be counted twice. */
export const attack: Attack = {
  id: 'report-out-of-time',
  title: 'reports from the future and the far past blind the windows',
  expected: 'both are refused, and polling is found all the same',
  needs: 'own-gateway',
  run: async (world) => {
    const { refused, isFound } = await poll(world, [at(-60 * minute), at(9 * 24 * 60 * minute)], 'out-of-time');
    return {
      observed: `${refused.join(' ')}; polling ${isFound ? 'found' : 'missed'}`,
      held: refused.join(' ') === 'access-report.future access-report.stale' && isFound,
    };
  },
  // The oldest that counts and the newest that counts are taken.
  control: async (world) => {
    const { refused, isFound } = await poll(world, [at(7 * 24 * 60 * minute), at(-4 * minute)], 'in-time');
    return refused.join(' ') === 'kept kept' && isFound;
  },
};
