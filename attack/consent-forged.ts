import { newReporter, type Reporter } from './access-reporter.ts';
import type { Attack } from './attack.ts';

const hash = 'n'.repeat(43);
const given = {
  recordId: 'r1',
  notice: { id: 'n1', hash, language: 'en' },
  sdkListHash: hash,
  channel: 'app',
  state: 'given',
  purposes: [
    { purpose: 'find-branch', items: ['precise-location'], method: 'explicit', recipients: [], retentionDays: 1 },
  ],
  expiresAt: null,
};

const receiptOf = async (reporter: Reporter, body: object) => {
  const answer = await reporter.consent(body);
  const line = answer.json['line'];
  const event =
    typeof line === 'string'
      ? (JSON.parse(line) as { body: { event: { principal: string; at: number } } }).body.event
      : undefined;
  return { code: answer.status === 200 ? 'kept' : answer.code, event };
};

/** Consent is made up: for another person, or from before the collection that it is to excuse. */
export const attack: Attack = {
  id: 'consent-forged',
  title: 'an app records consent for another person, or dates it back behind a refusal',
  expected: 'the person is that of the session; no event is older than the one before it',
  needs: 'own-gateway',
  run: async (world) => {
    const [victim, mallory] = [await newReporter(world.gateway), await newReporter(world.gateway)];
    const { event: own } = await receiptOf(victim, { ...given, state: 'refused' });
    const named = await receiptOf(mallory, { ...given, principal: own?.principal ?? '' });
    const { event: refusal } = await receiptOf(mallory, { ...given, state: 'refused' });
    const { event: backdated } = await receiptOf(mallory, { ...given, at: Date.now() - 86_400_000 });
    const isInOrder = refusal !== undefined && backdated !== undefined && backdated.at >= refusal.at;
    const isOwn = refusal?.principal !== own?.principal && backdated?.principal === refusal?.principal;
    return {
      observed: `named: ${named.code}; dated back ${isInOrder ? 'after' : 'before'} the refusal`,
      held: named.code === 'malformed' && isInOrder && isOwn,
    };
  },
  // The first word may be older: an app was offline.
  control: async (world) => {
    const reporter = await newReporter(world.gateway);
    const at = Date.now() - 60_000;
    return (await receiptOf(reporter, { ...given, at })).event?.at === at;
  },
};
