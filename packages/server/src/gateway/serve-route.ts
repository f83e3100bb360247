/** Chooses who serves a request, by its route alone: the message never chooses how well it is checked. */
import { header } from '@hauberk/channel';
import { isMigrating, type MigrationShell, serveMigrated } from '../migration/serve-migrated.ts';
import type { StreamedMessage } from './carrier.ts';
import { serveEarly } from './early-exchange.ts';
import type { Exchange } from './exchange.ts';
import type { GatewayReply } from './gateway-reply.ts';
import type { HandshakeShell } from './handshake-endpoint.ts';
import { serveObserved } from './observe.ts';
import type { ServeRoute } from './pipeline.ts';
import { type PlainShell, servePlain, servePlainStream } from './plain-exchange.ts';
import { type Protection, serveProtected } from './protect.ts';
import { type Relay, relayRequest } from './relay.ts';
import { type StreamShell, serveStream } from './stream-exchange.ts';

/** The ways that a request can be served. */
export interface RouteShells {
  readonly protection: Protection;
  readonly handshake: HandshakeShell;
  readonly streams: StreamShell;
  readonly plain: PlainShell;
  readonly migration: MigrationShell;
  /** The other nodes; absent on a lone node and for what came over the relay. */
  readonly relay?: Relay | undefined;
}

const serveRequired = (
  { protection, handshake, streams }: RouteShells,
  exchange: Exchange,
  message: StreamedMessage | undefined,
  extra: readonly string[],
): Promise<GatewayReply | undefined> => {
  if (exchange.head.headers[header.hello] !== undefined) return serveEarly(protection, handshake, exchange);
  if (!exchange.route.stream || message === undefined) return serveProtected(protection, exchange);
  // A streamed reply writes its own head; a reply in one piece names these again, which replaces them.
  for (let index = 0; index + 1 < extra.length; index += 2)
    message.response.setHeader(extra[index] as string, extra[index + 1] as string);
  return serveStream(protection, streams, exchange, message);
};

/** The dispatcher of one thread. */
export const createServeRoute =
  (shells: RouteShells): ServeRoute =>
  (exchange, message, extra) => {
    const owner =
      exchange.route.protection === 'none' || exchange.route.stream ? undefined : shells.relay?.ownerOf(exchange.head);
    if (owner !== undefined) return relayRequest(owner, exchange, shells.protection);
    if (isMigrating(exchange)) return serveMigrated(shells.migration, exchange);
    switch (exchange.route.protection) {
      case 'required':
        return serveRequired(shells, exchange, message, extra);
      case 'observe':
        return serveObserved(shells.protection, exchange);
      case 'none':
        return exchange.route.stream && message !== undefined
          ? servePlainStream(shells.plain, exchange, message, extra)
          : servePlain(shells.plain, exchange);
    }
  };
