/** What was verified stays as it was. */
import type { VerifiedRequest } from '@hauberk/channel';

declare const request: VerifiedRequest;
// expect TS2540
request.body = new Uint8Array(0);
// expect TS2540
request.facts.tier = 3;
