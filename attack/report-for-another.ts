import { accessOf, newReporter, placeOf, refusedOf, reportOf, seenBy } from './access-reporter.ts';
import type { Attack } from './attack.ts';
import { send } from './http-call.ts';
import { deliver } from './wire-client.ts';

const honest = (chain: string): object => reportOf('privacy.accesses', { accesses: [accessOf(chain)] });

/** A phone reports in the name of another one: by saying so, and by sending again what the other had sealed. */
export const attack: Attack = {
  id: 'report-for-another',
  title: "a phone's accesses are reported by somebody else's",
  expected: 'the finding is seen by the one phone that spoke; the others have said nothing',
  needs: 'own-gateway',
  run: async (world) => {
    const [victim, mallory] = [await newReporter(world.gateway), await newReporter(world.gateway)];
    const { chain } = placeOf(`another-${Date.now()}`);
    const claims = ['device', 'subject', 'session'].map((name) => ({
      ...reportOf('privacy.accesses', { accesses: [accessOf(chain)] }),
      [name]: victim.device.deviceId,
    }));
    const inReport = await Promise.all(claims.map(async (claim) => refusedOf(await mallory.tell(claim))));
    const inBody = await mallory.tell(
      reportOf('privacy.accesses', { accesses: [accessOf(chain)], device: victim.device.deviceId }),
      reportOf('privacy.accesses', { accesses: [{ ...accessOf(chain), subject: victim.device.deviceId }] }),
    );
    const sealed = await victim.craft(honest(chain));
    const target = world.gateway.target();
    await send(target.gateway, sealed);
    const replayed = await deliver(target, victim.session, sealed);
    const kept = await (await seenBy(world.gateway)).finding(chain);
    return {
      observed: `claimed: ${inReport.join(' ')}; ${refusedOf(inBody)}; replayed: ${replayed.code}; seen by ${kept?.witnesses.length} phone, ${kept?.finding.count} call`,
      held:
        inReport.every((code) => code === 'malformed') &&
        refusedOf(inBody) === 'access-report.malformed access-report.malformed' &&
        replayed.code === 'replay' &&
        kept?.witnesses.length === 1 &&
        kept.finding.count === 1,
    };
  },
  // Each in its own name, they are two.
  control: async (world) => {
    const [one, other] = [await newReporter(world.gateway), await newReporter(world.gateway)];
    const { chain } = placeOf(`own-${Date.now()}`);
    await one.tell(honest(chain));
    await other.tell(honest(chain));
    return (await (await seenBy(world.gateway)).finding(chain))?.witnesses.length === 2;
  },
};
