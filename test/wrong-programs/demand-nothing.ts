/** A protected route cannot demand plain messages. */
import { type ArrivedHead, type ChannelGateway, readProtectedHead } from '@hauberk/channel';

declare const gateway: ChannelGateway;
declare const head: ArrivedHead;
const rest = { service: 'retail', chunked: false, coveredHeaders: [], publicQuery: [], maxAgeSeconds: 120 };
// expect TS2322
readProtectedHead(gateway, head, { ...rest, mode: 'plain' });
