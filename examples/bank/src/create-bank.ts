/** Puts the demo bank together and opens its port. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AppFiles, readAppFiles } from './app-files.ts';
import type { HauberkTrust, LedgerCheckReply } from './bank-api.ts';
import { Books } from './books.ts';
import type { Bank } from './call.ts';
import { BankEvents } from './events.ts';
import { frontDesk, type ReceivedRequest } from './front-desk.ts';
import { type BankGuards, DEFAULT_GUARDS } from './guards.ts';
import type { Ledger } from './ledger.ts';
import { ledgerCheck } from './routes.ts';
import { Sessions } from './sessions.ts';
import { Teller } from './teller.ts';

/** How to run a demo bank; everything has a default. */
export interface CreateBankOptions {
  /** 0 (the default) takes a free port. */
  readonly port?: number;
  /** Default: the loopback address only. */
  readonly host?: string;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Random bytes for credentials and one-time codes. */
  readonly random?: (length: number) => Uint8Array;
  /** Which holes the bank closes by itself; what is not named stays as in `DEFAULT_GUARDS`. */
  readonly guards?: Partial<BankGuards>;
  /** The secret shared with the gateway: when set, customers are served only over its signed facts. */
  readonly factsKey?: string;
  /** Tells clients how to talk through the gateway; asked anew each time, so it may be settled after start. */
  readonly protectedBy?: () => HauberkTrust | null;
  /** Keeps acknowledged changes over a crash. One process at a time. */
  readonly journalFile?: string;
  /** Folder of the built H5 app. Without it the bank is an API only. */
  readonly appFolder?: string;
  /** How long the promotions partner takes to confirm a coupon: the window of the race. */
  readonly partnerDelayMs?: number;
  /** Between two signs of life on an idle event stream. */
  readonly heartbeatMs?: number;
  /** Sees every complete request that reaches the bank. */
  readonly onRequest?: (received: ReceivedRequest) => void;
  /** Told about every fault; by default they go to stderr. */
  readonly onFault?: (fault: unknown) => void;
}

/** A running bank. */
export interface RunningBank {
  readonly url: string;
  readonly port: number;
  readonly ledger: Ledger;
  /** The same as `GET /api/ledger/check`. */
  check(): LedgerCheckReply;
  close(): Promise<void>;
}

const NO_FILES: AppFiles = new Map();
const reportFault = (fault: unknown): void => console.error('demo bank:', fault);

/** Starts a bank and resolves when it answers. */
export async function createBank(options: CreateBankOptions = {}): Promise<RunningBank> {
  const { host = '127.0.0.1', port = 0, onRequest = () => undefined, onFault = reportFault } = options;
  const appFiles = options.appFolder === undefined ? NO_FILES : await readAppFiles(options.appFolder);
  const bank = await openBank(options);
  const server = createServer({ requestTimeout: 30_000 }, frontDesk({ bank, appFiles, onRequest, onFault }));
  server.listen(port, host);
  await once(server, 'listening');
  const { port: openPort } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${openPort}`,
    port: openPort,
    ledger: bank.books.ledger,
    check: () => ledgerCheck(bank),
    close: () => closeBank(bank, server),
  };
}

async function openBank(options: CreateBankOptions): Promise<Bank> {
  const { now = Date.now, random = randomBytes, partnerDelayMs = 50, heartbeatMs = 15_000 } = options;
  const guards = { ...DEFAULT_GUARDS, ...options.guards };
  const sessions = await Sessions.prepare(now, random);
  const books = await Books.open(options.journalFile ?? null, now());
  const events = new BankEvents(books.ledger, heartbeatMs);
  const teller = new Teller({ books, guards, now, partnerDelayMs, onBooked: (transfer) => events.publish(transfer) });
  const trust = options.protectedBy ?? (() => null);
  return { books, sessions, teller, events, guards, now, random, trust, factsKey: options.factsKey ?? null };
}

/** What runs is finished, streams are ended, the journal is written out. */
async function closeBank({ books, events }: Bank, server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  events.close();
  server.closeIdleConnections();
  await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 1000).unref())]);
  server.closeAllConnections();
  await closed;
  await books.close();
}
