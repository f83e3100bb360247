/** The device's keys as the client lends them to `openKeys()`, whose code is an entry of its own. */
import type { OpenedReply } from './exchange.ts';
import type { PerformerParts } from './performer.ts';

/** A client's parts, a handshake beside its session, and a sealed call of its own in it. */
export interface KeysHost extends PerformerParts {
  /** A handshake with the key that is stored as the identity: the device that the gateway knows it as. No request uses its session. */
  readonly hello: () => Promise<string>;
  readonly send: (path: string, contentType: string, text: string) => Promise<OpenedReply>;
}

/** What has to be told of a client before it is of use. */
export interface KeysPlug {
  readonly attach: (host: KeysHost) => void;
}
