/** What runs before everything else on the page: a made-up position, then the aspect. */
import './made-up-position.ts';
import { workerData } from 'node:worker_threads';
import type { HauberkOptions } from '@hauberk/sdk/node';
import { createPrivacyAspect, type PrivacyAspect } from '@hauberk/sdk/privacy';

/** What the thread was started with. */
export const options: HauberkOptions = workerData as HauberkOptions;

/** The aspect of this page. */
export const aspect: PrivacyAspect = createPrivacyAspect({
  scene: 'start',
  newsMs: 200,
  reportMs: 1000,
  ownHosts: options.endpoints.map((endpoint) => new URL(endpoint).host),
});
