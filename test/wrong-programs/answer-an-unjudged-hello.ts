/** A session opens for a judged hello only. */
import { answerHello, type ChannelGateway, type HandshakePorts, type UnverifiedHello } from '@hauberk/channel';
import type { EpochMs } from '@hauberk/primitives';

declare const gateway: ChannelGateway;
declare const ports: HandshakePorts;
declare const hello: UnverifiedHello;
declare const now: EpochMs;
// expect TS2740
answerHello(gateway, ports, hello, 'none', now);
