/**
 * The bank's page without a browser: the same aspect and the same two SDKs, in one bundle, in a thread of its own whose position is made up. It
 * plays a customer who looks for a branch, turns away, and is followed by the advertising SDK while nobody looks.
 */

import { openDirectives } from '@hauberk/sdk/directives';
import { createHauberk } from '@hauberk/sdk/node';
import { countVisits } from '../../examples/bank/sdks/ad-pulse/index.ts';
import { nearestBranch } from '../../examples/bank/sdks/bright-maps/index.ts';
import { aspect, options } from './page-first.ts';

const lookEveryMs = 6000;
const followEveryMs = 2500;

const hauberk = createHauberk({ ...options, directives: openDirectives({ appVersion: '3.0.0' }) });
aspect.connect(hauberk);

const look = async (): Promise<void> => {
  aspect.setForeground(true);
  aspect.setScene('branch-finder');
  await nearestBranch();
  aspect.setForeground(false);
};

countVisits(followEveryMs);
setInterval(() => void look(), lookEveryMs);
setInterval(() => void hauberk.flushReports().catch(() => undefined), 1500);
await look();
