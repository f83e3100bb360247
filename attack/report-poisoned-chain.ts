import { accessOf, newReporter, placeOf, refusedOf, reportOf, seenBy } from './access-reporter.ts';
import { administratorOf } from './admin-people.ts';
import type { Attack } from './attack.ts';

const hostile = ['<img src=x onerror=alert(1)>', '\u001b[2J', '\u202etxt.exe'];

/** The frames of a chain are what an officer reads before stopping it: a phone tells others, and text that a page or a terminal would obey. */
export const attack: Attack = {
  id: 'report-poisoned-chain',
  title: 'a phone tells other frames of a chain, and frames that would be obeyed',
  expected: 'the chain keeps its frames; controls are refused, markup travels as text in JSON only',
  needs: 'own-gateway',
  run: async (world) => {
    const victim = await newReporter(world.gateway);
    const { chain, frames } = placeOf(`poisoned-${Date.now()}`);
    await victim.tell(
      reportOf('privacy.chain', { chain, owner: 'app', frames }),
      reportOf('privacy.accesses', { accesses: [accessOf(chain, { owner: 'app' })] }),
    );
    const mallory = await newReporter(world.gateway);
    const swapped = await mallory.tell(
      reportOf('privacy.chain', { chain, owner: '@ads/web', frames: placeOf('elsewhere').frames }),
    );
    const texts = hostile.map((name) =>
      reportOf('privacy.chain', { chain, owner: 'app', frames: [{ ...frames[0], name }] }),
    );
    const owners = hostile.map((owner) => reportOf('privacy.accesses', { accesses: [accessOf(chain, { owner })] }));
    const obeyed = await mallory.tell(...texts, ...owners);
    await seenBy(world.gateway);
    const root = await administratorOf(world.gateway.running());
    const { value } = await root.api.findPrivacyChain({ app: world.gateway.target().app, chain });
    const isSame = value.frames.length === 1 && value.frames[0]?.includes('poisoned-') === true;
    return {
      observed: `swapped: ${refusedOf(swapped)}; texts: ${refusedOf(obeyed)}; owner ${value.owner}`,
      held:
        refusedOf(swapped) === 'access-report.chain' &&
        refusedOf(obeyed).split(' ').length === 2 * hostile.length &&
        value.owner === 'app' &&
        isSame,
    };
  },
  // A chain of one's own takes the frames that it is the hash of.
  control: async (world) => {
    const reporter = await newReporter(world.gateway);
    const { chain, frames } = placeOf(`own-frames-${Date.now()}`);
    const kept = await reporter.tell(reportOf('privacy.chain', { chain, owner: '@ads/web', frames }));
    const known = await (await seenBy(world.gateway)).chain(chain);
    return refusedOf(kept) === 'kept' && known?.frames.length === 1;
  },
};
