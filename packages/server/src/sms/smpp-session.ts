/**
 * One bound connection to an SMSC. Answers in the order in which messages are durable, never before; keeps the link alive from its side and
 * answers the peer's questions; ends at the first octet that makes no sense.
 */
import type { Socket } from 'node:net';
import { type Result, refuse } from '@hauberk/primitives';
import { isResponse, type SmppCommand, smppStatus } from './smpp-commands.ts';
import { SmppFramer } from './smpp-framer.ts';
import { readHead, readPdu, type SmppDraft, type SmppPdu, writePdu } from './smpp-pdu.ts';

/** How a session binds and lives. */
export interface SmppSessionOptions {
  readonly bind: 'receiver' | 'transceiver';
  readonly systemId: string;
  readonly password: string;
  readonly systemType: string;
  /** Longest wait for an answer of the peer. */
  readonly answerMs: number;
  /** After so long without a PDU of the peer the link is asked for. */
  readonly enquireMs: number;
  /** Messages that may be under way; beyond, the peer is told to slow down. */
  readonly window: number;
  /** Answers the status once the message is durable, or refused for good. */
  readonly take: (pdu: SmppPdu) => Promise<number>;
}

/** Why a session ended. */
export type SmppEnd =
  | { readonly why: 'closed' | 'unbound' | 'silent' | 'malformed' | 'fault' }
  | { readonly why: 'bind-refused'; readonly status: number };

type Waiting = (pdu: SmppPdu | undefined) => void;

const taken: ReadonlySet<SmppCommand> = new Set(['deliver-sm', 'data-sm']);

/** A session over a connected socket. */
export class SmppSession {
  readonly #socket: Socket;
  readonly #options: SmppSessionOptions;
  readonly #framer = new SmppFramer();
  readonly #waiting = new Map<number, Waiting>();
  /** Settles when the connection is over. */
  readonly ended: Promise<SmppEnd>;
  #settleEnd: (end: SmppEnd) => void = () => undefined;
  #sequence = 0;
  #underWay = 0;
  #isBound = false;
  #isEnding = false;
  #quiet: NodeJS.Timeout | undefined;
  #idle: (() => void) | undefined;

  constructor(socket: Socket, options: SmppSessionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.ended = new Promise((resolve) => {
      this.#settleEnd = resolve;
    });
    socket.setNoDelay(true);
    socket.on('data', (octets) => this.#read(octets));
    socket.on('error', () => this.#end({ why: 'closed' }));
    socket.on('close', () => this.#end({ why: 'closed' }));
  }

  /** Binds; answers whether the peer agreed. */
  async bind(): Promise<boolean> {
    const { bind, systemId, password, systemType } = this.#options;
    const command = bind === 'receiver' ? 'bind-receiver' : 'bind-transceiver';
    const texts = { systemId, password, systemType };
    const answer = await this.#ask({ command, texts, octets: { interfaceVersion: 0x34 } });
    if (answer === undefined) return this.#end({ why: 'silent' });
    if (answer.command !== `${command}-resp` || answer.status !== smppStatus.ok)
      return this.#end({ why: 'bind-refused', status: answer.status });
    this.#isBound = true;
    this.#listen();
    return true;
  }

  /** Unbinds once everything under way is answered, and closes. */
  async close(): Promise<void> {
    if (this.#isEnding) return;
    if (this.#underWay > 0)
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
        setTimeout(resolve, this.#options.answerMs).unref();
      });
    if (this.#isBound && !this.#isEnding) await this.#ask({ command: 'unbind' });
    this.#end({ why: 'unbound' });
  }

  #end(end: SmppEnd): false {
    if (this.#isEnding) return false;
    this.#isEnding = true;
    this.#isBound = false;
    clearTimeout(this.#quiet);
    for (const waiting of this.#waiting.values()) waiting(undefined);
    this.#waiting.clear();
    this.#socket.end();
    this.#socket.destroySoon();
    this.#settleEnd(end);
    return false;
  }

  #send(draft: SmppDraft): void {
    if (!this.#isEnding && this.#socket.writable) this.#socket.write(writePdu(draft));
  }

  #ask(draft: SmppDraft): Promise<SmppPdu | undefined> {
    this.#sequence = (this.#sequence % 0x7fff_ffff) + 1;
    const sequence = this.#sequence;
    return new Promise((resolve) => {
      const late = setTimeout(() => settle(undefined), this.#options.answerMs);
      const settle: Waiting = (pdu) => {
        clearTimeout(late);
        this.#waiting.delete(sequence);
        resolve(pdu);
      };
      this.#waiting.set(sequence, settle);
      if (this.#isEnding) settle(undefined);
      else this.#send({ ...draft, sequence });
    });
  }

  /** From the last PDU on: a peer that says nothing is asked, one that does not answer is gone. */
  #listen(): void {
    clearTimeout(this.#quiet);
    if (!this.#isBound) return;
    this.#quiet = setTimeout(() => {
      void this.#ask({ command: 'enquire-link' }).then((answer) => {
        if (answer === undefined) this.#end({ why: 'silent' });
      });
    }, this.#options.enquireMs);
  }

  #read(octets: Uint8Array): void {
    if (this.#isEnding) return;
    const frames = this.#framer.push(octets);
    if (!frames.ok) {
      this.#send({ command: 'generic-nack', status: smppStatus.invalidLength });
      this.#end({ why: 'malformed' });
      return;
    }
    for (const frame of frames.value) this.#frame(frame);
    this.#listen();
  }

  #frame(frame: Uint8Array): void {
    const pdu: Result<SmppPdu, string> = readPdu(frame);
    if (pdu.ok) {
      this.#pdu(pdu.value);
      return;
    }
    const head = readHead(frame);
    const { sequence, commandId } = head.ok ? head.value : { sequence: 0, commandId: 0 };
    // An answer that cannot be read is never answered: two such peers would talk for ever.
    if (commandId >= 0x8000_0000) return;
    const status = pdu.code === 'smpp.command' ? smppStatus.invalidCommand : smppStatus.invalidLength;
    this.#send({ command: 'generic-nack', status, sequence });
  }

  #pdu(pdu: SmppPdu): void {
    const { command, sequence } = pdu;
    if (isResponse(command)) this.#waiting.get(sequence)?.(pdu);
    else if (command === 'enquire-link') this.#send({ command: 'enquire-link-resp', sequence });
    else if (command === 'unbind') {
      this.#send({ command: 'unbind-resp', sequence });
      this.#end({ why: 'unbound' });
    } else if (taken.has(command)) void this.#take(pdu);
    else this.#send({ command: 'generic-nack', status: smppStatus.invalidCommand, sequence });
  }

  #judge(): Result<true, 'state' | 'window'> {
    if (!this.#isBound) return refuse('state');
    return this.#underWay >= this.#options.window ? refuse('window') : { ok: true, value: true };
  }

  async #take(pdu: SmppPdu): Promise<void> {
    const command = pdu.command === 'data-sm' ? 'data-sm-resp' : 'deliver-sm-resp';
    const judged = this.#judge();
    if (!judged.ok) {
      const status = judged.code === 'state' ? smppStatus.wrongState : smppStatus.throttled;
      this.#send({ command, status, sequence: pdu.sequence });
      return;
    }
    this.#underWay += 1;
    try {
      const status = await this.#options.take(pdu);
      this.#send({ command, status, sequence: pdu.sequence });
    } catch {
      // Whether it is kept is unknown: only silence makes the peer deliver it again.
      this.#end({ why: 'fault' });
    } finally {
      this.#underWay -= 1;
      if (this.#underWay === 0) this.#idle?.();
    }
  }
}
