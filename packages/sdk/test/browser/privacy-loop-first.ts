/** What a page loads before everything else: the aspect. */
import { createPrivacyAspect, type PrivacyAspect } from '../../src/privacy/web.ts';

/** The aspect of this page. */
export const aspect: PrivacyAspect = createPrivacyAspect({ scene: 'branch-finder', newsMs: 50, reportMs: 200 });
