/** The keys of one session as the gateway uses them: made ready at their first use, and kept ready while the session's ticket is. */
import type { Bytes, SecretKey, SyncCrypto } from '@hauberk/primitives';
import type { TicketState } from './ticket.ts';

/** The secrets of a session as its ticket holds them. */
type TicketSecrets = Pick<TicketState, 'requestMac' | 'requestAead' | 'requestIv' | 'replyMac' | 'replyAead' | 'chunk'>;

/** Keys of a session. Importing one costs as much as using it, so none is imported that is not used. */
export class SessionKeys {
  readonly requestIv: Bytes;
  /** Chunked messages derive a key of their own from it. */
  readonly chunk: Bytes;
  private readonly crypto: SyncCrypto;
  private readonly raw: TicketSecrets;
  private held: { requestMac?: SecretKey; requestAead?: SecretKey; replyMac?: SecretKey; replyAead?: SecretKey } = {};

  constructor(crypto: SyncCrypto, raw: TicketSecrets) {
    this.crypto = crypto;
    this.raw = raw;
    this.requestIv = raw.requestIv;
    this.chunk = raw.chunk;
  }

  get requestMac(): SecretKey {
    this.held.requestMac ??= this.crypto.importMac(this.raw.requestMac);
    return this.held.requestMac;
  }

  get requestAead(): SecretKey {
    this.held.requestAead ??= this.crypto.importAead(this.raw.requestAead);
    return this.held.requestAead;
  }

  get replyMac(): SecretKey {
    this.held.replyMac ??= this.crypto.importMac(this.raw.replyMac);
    return this.held.replyMac;
  }

  get replyAead(): SecretKey {
    this.held.replyAead ??= this.crypto.importAead(this.raw.replyAead);
    return this.held.replyAead;
  }
}
