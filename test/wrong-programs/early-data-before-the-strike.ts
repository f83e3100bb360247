/** Early keys come out of a judged and struck hello. */
import { type ChannelGateway, earlySecrets, type UnverifiedHello } from '@hauberk/channel';

declare const gateway: ChannelGateway;
declare const hello: UnverifiedHello;
// expect TS2740
earlySecrets(gateway, hello);
