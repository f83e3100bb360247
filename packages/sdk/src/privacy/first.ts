/** The classic script: the first of a page or a worker. It watches from its own line on; the app connects it when its client is there. */
import type { PrivacyAspect } from './core.ts';
import { createPrivacyAspect } from './web.ts';

export * from './web.ts';

/** The aspect of this page: `HauberkPrivacy.aspect.connect(hauberk)`. */
export const aspect: PrivacyAspect = createPrivacyAspect();
