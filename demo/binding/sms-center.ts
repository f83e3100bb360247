/**
 * The demo's own SMSC: an SMPP 3.4 server to which the gateway's links bind, and the mobile network behind it. A phone hears from the network
 * whether the far end took its message; a message that was not acknowledged is delivered again, under its old id.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { utf8 } from '@hauberk/primitives';
import { readPdu, type SmppDraft, SmppFramer, type SmppPdu, smppStatus, smppTag, writePdu } from '@hauberk/server';

/** An SMS on its way to a number of the bank. */
export interface CarriedSms {
  readonly from: string;
  readonly to: string;
  readonly text: string;
}

interface Delivery extends CarriedSms {
  readonly id: string;
  readonly done: (isTaken: boolean) => void;
}

/** An account of the bank: a link of its gateway. */
class Account {
  readonly waiting: Delivery[] = [];
  readonly sent = new Map<number, Delivery>();
  socket: Socket | undefined;
  sequence = 0;
}

/** `ESME_RBINDFAIL`, and `ESME_RINVBNDSTS` for who speaks before binding (SMPP 3.4, 5.1.3). */
const bindFailed = 0x0d;
const window = 16;
const mostWaiting = 1000;
const retryMs = 250;
/** A gateway that asks to come again later is tried for so long. */
const giveUpMs = 30_000;
const international = { sourceTon: 1, sourceNpi: 1, destinationTon: 1, destinationNpi: 1, dataCoding: 1 };

/** The SMSC. */
export class SmsCenter {
  readonly #server: Server = createServer((socket) => this.#accept(socket));
  readonly #accounts: ReadonlyMap<string, Account>;
  readonly #password: string;
  readonly #sockets = new Set<Socket>();
  #ids = 0;
  #isClosed = false;

  /** The names of the accounts, and the password of all. */
  constructor(accounts: readonly string[], password: string) {
    this.#accounts = new Map(accounts.map((name) => [name, new Account()]));
    this.#password = password;
  }

  /** Opens it on a free port of this machine. */
  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#isClosed = true;
    for (const { waiting, sent } of this.#accounts.values())
      for (const { done } of [...waiting.splice(0), ...sent.values()]) done(false);
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  /** Whether the gateway's link to an account is bound. */
  isBound(account: string): boolean {
    return this.#accounts.get(account)?.socket !== undefined;
  }

  /** Carries an SMS over an account; answers whether the far end acknowledged it: the network's delivery report. */
  carry(account: string, sms: CarriedSms): Promise<boolean> {
    const place = this.#accounts.get(account);
    if (this.#isClosed || place === undefined || place.waiting.length >= mostWaiting) return Promise.resolve(false);
    this.#ids += 1;
    const id = `demo-${this.#ids}`;
    return new Promise((resolve) => {
      const timer = setTimeout(() => done(false), giveUpMs);
      const done = (isTaken: boolean): void => {
        clearTimeout(timer);
        const at = place.waiting.indexOf(delivery);
        if (at >= 0) place.waiting.splice(at, 1);
        resolve(isTaken);
      };
      const delivery: Delivery = { ...sms, id, done };
      place.waiting.push(delivery);
      this.#deliver(place);
    });
  }

  #accept(socket: Socket): void {
    const framer = new SmppFramer();
    const state: { account: Account | undefined } = { account: undefined };
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#lost(state.account, socket);
    });
    socket.on('data', (octets) => {
      const frames = framer.push(octets);
      if (!frames.ok) socket.destroy();
      else for (const frame of frames.value) this.#read(socket, frame, state);
    });
  }

  /** What was not acknowledged goes out again, before everything else. */
  #lost(account: Account | undefined, socket: Socket): void {
    if (account?.socket !== socket) return;
    account.socket = undefined;
    account.waiting.unshift(...account.sent.values());
    account.sent.clear();
  }

  #read(socket: Socket, frame: Uint8Array, state: { account: Account | undefined }): void {
    const read = readPdu(frame);
    if (!read.ok) {
      socket.destroy();
      return;
    }
    const { command, sequence, status } = read.value;
    const send = (draft: SmppDraft): void => void socket.write(writePdu({ sequence, ...draft }));
    if (command === 'bind-receiver' || command === 'bind-transceiver') this.#bind(socket, read.value, state, send);
    else if (command === 'enquire-link') send({ command: 'enquire-link-resp' });
    else if (command === 'unbind') send({ command: 'unbind-resp' });
    else if (command === 'deliver-sm-resp' && state.account !== undefined)
      this.#answered(state.account, sequence, status);
  }

  #bind(
    socket: Socket,
    { command, texts }: SmppPdu,
    state: { account: Account | undefined },
    send: (draft: SmppDraft) => void,
  ): void {
    const answer = command === 'bind-receiver' ? 'bind-receiver-resp' : 'bind-transceiver-resp';
    const account = this.#accounts.get(texts.systemId ?? '');
    if (account === undefined || texts.password !== this.#password) {
      send({ command: answer, status: bindFailed });
      return;
    }
    this.#lost(account, account.socket ?? socket);
    account.socket = socket;
    state.account = account;
    send({ command: answer, texts: { systemId: 'demo' } });
    this.#deliver(account);
  }

  #answered(account: Account, sequence: number, status: number): void {
    const delivery = account.sent.get(sequence);
    if (delivery === undefined) return;
    account.sent.delete(sequence);
    if (status === smppStatus.ok || status === smppStatus.rejected) {
      delivery.done(status === smppStatus.ok);
      this.#deliver(account);
      return;
    }
    account.waiting.push(delivery);
    setTimeout(() => this.#deliver(account), retryMs).unref();
  }

  #deliver(account: Account): void {
    while (account.socket !== undefined && account.sent.size < window) {
      const next = account.waiting.shift();
      if (next === undefined) return;
      account.sequence = (account.sequence % 0x7fff_ffff) + 1;
      account.sent.set(account.sequence, next);
      account.socket.write(writePdu(deliverSm(account.sequence, next)));
    }
  }
}

const deliverSm = (sequence: number, { from, to, text, id }: Delivery): SmppDraft => ({
  command: 'deliver-sm',
  sequence,
  texts: { source: from.replace('+', ''), destination: to.replace('+', '') },
  octets: international,
  content: utf8(text),
  tlvs: [{ tag: smppTag.receiptedMessageId, value: utf8(`${id}\u0000`) }],
});
