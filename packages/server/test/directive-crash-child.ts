/** Publishes directives without end and tells the version of each once it is acknowledged; its parent kills it. */
import { epochMs } from '@hauberk/primitives';
import { openDirectiveDesk } from '../src/directive/directive-desk.ts';
import { openStorage } from '../src/index.ts';

const [, , folder = ''] = process.argv;
const storage = await openStorage({ folder });
const desk = openDirectiveDesk({
  store: storage.ports.directives,
  now: () => epochMs(Date.now()),
  onPublished: async () => undefined,
});
const scope = { organisation: 'bank', app: 'retail' };
for (let number = 0; ; number += 1) {
  const plan = {
    kind: 'privacy.stop' as const,
    kindVersion: 1,
    service: null,
    body: { stops: [{ chain: `c${number}`, action: 'deny' as const }] },
    audience: { versions: [], cohorts: [] },
    stages: [1000],
    guard: null,
    lifeMs: 3_600_000,
    reason: '',
  };
  const published = await desk.publish(scope, plan, { draft: 'ann', approve: 'ben' });
  if (!published.ok) throw new Error(published.code);
  process.stdout.write(`${published.value.rollout.stages[0]?.version ?? 0}\n`);
}
