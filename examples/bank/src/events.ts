/** Server-sent events: tells every open page of a customer when money moved. */
import type { ServerResponse } from 'node:http';
import type { BookingEvent } from './bank-api.ts';
import type { Ledger, Transfer } from './ledger.ts';
import type { Session } from './sessions.ts';
import { transactionView } from './views.ts';

interface Listener {
  readonly customerId: string;
  readonly authorization: string;
  readonly response: ServerResponse;
}

/** All open event streams. */
export class BankEvents {
  readonly #ledger: Ledger;
  readonly #heartbeatMs: number;
  readonly #listeners = new Set<Listener>();
  #lastEventId = 0;

  constructor(ledger: Ledger, heartbeatMs: number) {
    this.#ledger = ledger;
    this.#heartbeatMs = heartbeatMs;
  }

  /** Starts a stream that lives until the client leaves, the login ends or the bank closes. */
  open({ customer, authorization }: Session, response: ServerResponse): void {
    const listener = { customerId: customer.customerId, authorization, response };
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write(': open\n\n');
    const heartbeat = setInterval(() => response.write(': still here\n\n'), this.#heartbeatMs);
    this.#listeners.add(listener);
    response.once('close', () => {
      clearInterval(heartbeat);
      this.#listeners.delete(listener);
    });
  }

  /** Tells both sides of a booking. */
  publish(transfer: Transfer): void {
    if (this.#listeners.size === 0) return;
    for (const accountId of [transfer.debitAccountId, transfer.creditAccountId]) {
      const owner = this.#ledger.account(accountId)?.customerId ?? null;
      const entry = this.#ledger.entries(accountId).findLast((candidate) => candidate.transfer === transfer);
      if (owner === null || entry === undefined) continue;
      this.#send(owner, { accountId, transaction: transactionView(this.#ledger, entry) });
    }
  }

  /** Ends the streams of a login that has ended. */
  endLogin(authorization: string): void {
    for (const listener of this.#listeners) if (listener.authorization === authorization) listener.response.end();
  }

  /** Ends every stream. */
  close(): void {
    for (const { response } of this.#listeners) response.end();
  }

  #send(customerId: string, event: BookingEvent): void {
    this.#lastEventId += 1;
    const frame = `id: ${this.#lastEventId}\nevent: booking\ndata: ${JSON.stringify(event)}\n\n`;
    for (const listener of this.#listeners) {
      if (listener.customerId === customerId) listener.response.write(frame);
    }
  }
}
