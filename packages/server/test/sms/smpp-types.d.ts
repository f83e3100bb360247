/** The part of npm's `smpp` that the tests use as an SMSC. */
declare module 'smpp' {
  import type { EventEmitter } from 'node:events';
  import type { Server } from 'node:net';
  export interface PeerPdu {
    readonly command: string;
    readonly command_status: number;
    readonly sequence_number: number;
    readonly system_id?: string;
    readonly password?: string;
    response(options?: Readonly<Record<string, unknown>>): PeerPdu;
  }
  export interface PeerSession extends EventEmitter {
    send(pdu: PeerPdu): boolean;
    deliver_sm(options: Readonly<Record<string, unknown>>, answered?: (pdu: PeerPdu) => void): boolean;
    data_sm(options: Readonly<Record<string, unknown>>, answered?: (pdu: PeerPdu) => void): boolean;
    enquire_link(answered: (pdu: PeerPdu) => void): boolean;
    unbind(answered: (pdu: PeerPdu) => void): boolean;
    close(): void;
    destroy(): void;
  }
  const smpp: {
    createServer(options: Readonly<Record<string, unknown>>, listener: (session: PeerSession) => void): Server;
  };
  export default smpp;
}
