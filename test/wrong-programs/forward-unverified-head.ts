/** A head that nobody verified is no request to forward. */
import type { PendingRequest, VerifiedRequest } from '@hauberk/channel';

declare const forward: (request: VerifiedRequest) => void;
declare const pending: PendingRequest;
// expect TS2740
forward(pending);
