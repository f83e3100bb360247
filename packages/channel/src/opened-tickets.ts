/**
 * Tickets that were opened lately, so that the requests of a session pay for opening it once. A saving and nothing else: an entry answers as
 * opening the ticket again would, its expiry is judged at each use, and all entries are dropped when the ticket keys change.
 */
import { accept, type EpochMs, type Result, refuse, type SyncCrypto, toBase64Url } from '@hauberk/primitives';
import type { RequestReason } from './reasons.ts';
import { SessionKeys } from './session-keys.ts';
import { openTicket, type TicketKeyRing, type TicketOwner, type TicketState } from './ticket.ts';
import type { SessionFacts } from './verified-request.ts';

/** An opened ticket with what every request of its session needs of it. */
export interface OpenedTicket {
  readonly state: TicketState;
  readonly facts: SessionFacts;
  readonly keys: SessionKeys;
}

const factsOf = (state: TicketState): SessionFacts => ({
  organisation: state.organisation,
  app: state.app,
  service: state.service,
  sessionId: toBase64Url(state.sessionId),
  deviceId: toBase64Url(state.deviceId),
  tier: state.tier,
  attested: state.attested,
  deviceRow: state.deviceRow,
  deviceGeneration: state.deviceGeneration,
  expiresAtMs: state.expiresAtMs,
});

/** The opened tickets of one gateway thread. */
export class OpenedTickets {
  private readonly crypto: SyncCrypto;
  private readonly most: number;
  private owner: TicketOwner | undefined;
  private ring: TicketKeyRing | undefined;
  /** Two generations: what the older one holds is forgotten when the newer one is full, unless it was used in between. */
  private newer = new Map<string, OpenedTicket>();
  private older = new Map<string, OpenedTicket>();

  /** `most`: tickets kept, some 2 KB each; 0 opens each ticket every time. */
  constructor(crypto: SyncCrypto, most: number) {
    this.crypto = crypto;
    this.most = most;
  }

  /** Opens a ticket, or answers with what opening it gave before. */
  open(owner: TicketOwner, ring: TicketKeyRing, text: string, now: EpochMs): Result<OpenedTicket, RequestReason> {
    if (ring !== this.ring || owner !== this.owner) this.forget(owner, ring);
    const held = this.newer.get(text) ?? this.older.get(text);
    if (held !== undefined) {
      if (held.facts.expiresAtMs <= now) return refuse('request.ticket-expired');
      if (!this.newer.has(text)) this.keep(text, held);
      return accept(held);
    }
    const opened = openTicket(this.crypto, ring, owner, text, now);
    if (!opened.ok) return opened;
    const ticket = {
      state: opened.value,
      facts: factsOf(opened.value),
      keys: new SessionKeys(this.crypto, opened.value),
    };
    this.keep(text, ticket);
    return accept(ticket);
  }

  private keep(text: string, ticket: OpenedTicket): void {
    if (this.most === 0) return;
    if (this.newer.size * 2 >= this.most) {
      this.older = this.newer;
      this.newer = new Map();
    }
    this.newer.set(text, ticket);
  }

  private forget(owner: TicketOwner, ring: TicketKeyRing): void {
    this.owner = owner;
    this.ring = ring;
    this.newer = new Map();
    this.older = new Map();
  }
}
