import { accessOf, newReporter, placeOf, reportOf, seenBy } from './access-reporter.ts';
import type { Attack } from './attack.ts';
import type { OwnGateway } from './world.ts';

const content = {
  kind: 'background',
  action: 'deny',
  delayMs: null,
  minDevices: 3,
  perDay: 5,
  stopHours: 1,
  reason: 'a rule that two people agreed on',
} as const;

/** Puts the rule in force. */
const agree = async (gateway: OwnGateway) => {
  const seen = await seenBy(gateway);
  const rule = { ...content, expiresAtMs: Date.now() + 3_600_000 };
  const approved = await seen.office.rules.approve(seen.scope, rule, { id: 'attack', actor: 'alice, approved by bob' });
  if (!approved.ok) throw new Error(approved.code);
  const { id } = approved.value;
  return { end: () => seen.office.rules.revoke(seen.scope, id, 'over', 'carol') };
};

const isStopped = async (gateway: OwnGateway, chain: string): Promise<boolean> => {
  const { office, scope } = await seenBy(gateway);
  return (await office.stops.list(scope)).stops.some((stop) => stop.chain === chain);
};

const tellAs = async (gateway: OwnGateway, phones: number, chain: string, owner: string): Promise<void> => {
  for (let phone = 0; phone < phones; phone += 1) {
    const reporter = await newReporter(gateway);
    await reporter.tell(reportOf('privacy.accesses', { accesses: [accessOf(chain, { owner })] }));
  }
};

/** A response rule stops chains by itself: a phone tells what would make it stop the payment page of everybody. */
export const attack: Attack = {
  id: 'rule-triggered',
  title: 'one phone makes a response rule switch code off on every phone',
  expected: "what one phone saw is not answered, and the app's own code never is",
  needs: 'own-gateway',
  run: async ({ gateway }) => {
    const { end } = await agree(gateway);
    const [own, lone] = [placeOf(`payment-${Date.now()}`).chain, placeOf(`lone-${Date.now()}`).chain];
    await tellAs(gateway, 4, own, 'app');
    const mallory = await newReporter(gateway);
    for (let times = 0; times < 5; times += 1)
      await mallory.tell(
        reportOf('privacy.accesses', { accesses: [accessOf(own), accessOf(lone)] }),
        reportOf('privacy.accesses', { accesses: [accessOf(lone)] }),
      );
    const stopped = [await isStopped(gateway, own), await isStopped(gateway, lone)];
    await end();
    return { observed: `own code stopped: ${stopped[0]}, lone claim: ${stopped[1]}`, held: !stopped.includes(true) };
  },
  // Three phones that saw it of an SDK are enough.
  control: async ({ gateway }) => {
    const { end } = await agree(gateway);
    const { chain } = placeOf(`ads-${Date.now()}`);
    await tellAs(gateway, 3, chain, '@ads/web');
    const isAnswered = await isStopped(gateway, chain);
    await end();
    return isAnswered && !(await isStopped(gateway, chain));
  },
};
