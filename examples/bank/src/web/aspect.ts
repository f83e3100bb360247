/** Before everything else: from here on every sensitive function of the page is watched. */
import { createPrivacyAspect, type PrivacyAspect } from '@hauberk/sdk/privacy';

/** The aspect of this page. What goes to the bank itself is no news. */
export const aspect: PrivacyAspect = createPrivacyAspect({ scene: 'start', ownHosts: [location.host] });
