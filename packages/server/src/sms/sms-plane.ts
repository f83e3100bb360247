/** The SMS plane of one process: its links, its webhooks and the desk behind them. */
import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { type EpochMs, epochMs } from '@hauberk/primitives';
import type { SmppConfig, SmsConfig, SmsLinkConfig } from '../config/config.ts';
import type { SmsInbox } from '../storage/sms-inbox.ts';
import { type ArrivalCode, type ArrivedSms, readArrival } from './arrived-sms.ts';
import { LinkRate } from './link-rate.ts';
import { smppStatus } from './smpp-commands.ts';
import { SmppLink, type SmppLinkState } from './smpp-link.ts';
import type { SmppPdu } from './smpp-pdu.ts';
import { type SmsCounted, SmsDesk, type SmsReceiver } from './sms-desk.ts';
import type { WebhookCode } from './webhook-form.ts';
import { openWebhooks, type WebhookLink, type WebhookListener } from './webhook-listener.ts';

/** What became of a delivery at its link. */
export type SmsTaken =
  | 'taken'
  | 'known'
  | 'receipt'
  | 'sms.rate'
  | 'sms.inbox'
  | 'sms.storage'
  | 'sms.caller'
  | ArrivalCode
  | WebhookCode;

/** What operators see of a link. Counts are of this process. */
export interface SmsLinkStatus {
  readonly id: string;
  readonly kind: 'smpp' | 'webhook';
  readonly state: 'connecting' | 'bound' | 'down' | 'listening';
  readonly outcomes: Readonly<Partial<Record<SmsTaken, number>>>;
}

/** What operators see of the plane. */
export interface SmsStatus {
  readonly links: readonly SmsLinkStatus[];
  readonly waiting: number;
  readonly counts: Readonly<Record<SmsCounted, number>>;
}

/** What a plane is made of. */
export interface SmsPlaneParts {
  readonly config: SmsConfig;
  readonly inbox: SmsInbox;
  readonly receiver: SmsReceiver | undefined;
  readonly now: () => EpochMs;
  readonly failed: (error: unknown) => void;
  readonly linkChanged: (state: SmppLinkState) => void;
}

/** An open plane. */
export interface SmsPlane {
  /** Port of the webhooks; undefined without one. */
  readonly port: number | undefined;
  readonly status: () => SmsStatus;
  readonly close: () => Promise<void>;
}

/** After a reconnect, how far back a delivery may be one whose answer was lost with the old connection, and for how long that is asked. */
const lostAnswerMs = 60_000;

/**
 * How far back the same content without an id is the same message: the link's span, and shortly after a bind also what came shortly before
 * it, for the peer repeats what the broken connection left unanswered. Pure.
 */
export const sameSince = (nowMs: number, boundAtMs: number, redeliveryMs: number): EpochMs => {
  const usual = nowMs - redeliveryMs;
  return epochMs(nowMs - boundAtMs < lostAnswerMs ? Math.min(usual, boundAtMs - lostAnswerMs) : usual);
};

/** One link: its rate, its counts, and the way to the desk. */
class LinkDesk {
  readonly outcomes: Partial<Record<SmsTaken, number>> = {};
  state: SmsLinkStatus['state'];
  readonly config: SmsLinkConfig;
  readonly #desk: SmsDesk;
  readonly #rate: LinkRate;
  readonly #now: () => EpochMs;

  constructor(config: SmsLinkConfig, desk: SmsDesk, now: () => EpochMs) {
    this.config = config;
    this.state = config.smpp === undefined ? 'listening' : 'connecting';
    this.#desk = desk;
    this.#rate = new LinkRate(config.messagesPerSecond);
    this.#now = now;
  }

  note<Outcome extends SmsTaken>(outcome: Outcome): Outcome {
    this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1;
    return outcome;
  }

  async take(
    sms: ArrivedSms,
    boundAtMs: number,
  ): Promise<'taken' | 'known' | 'sms.rate' | 'sms.inbox' | 'sms.storage'> {
    const now = this.#now();
    if (!this.#rate.take(now)) return this.note('sms.rate');
    const since = sameSince(now, boundAtMs, this.config.redeliverySeconds * 1000);
    const taken = await this.#desk.take(this.config.id, sms, since);
    if (typeof taken === 'string') return this.note(taken);
    return this.note(taken.code === 'sms-inbox-full' ? 'sms.inbox' : 'sms.storage');
  }
}

const smppAnswers = {
  taken: smppStatus.ok,
  known: smppStatus.ok,
  'sms.rate': smppStatus.throttled,
  'sms.inbox': smppStatus.queueFull,
  'sms.storage': smppStatus.temporary,
} as const;

const httpAnswers = { taken: 200, known: 200, 'sms.rate': 429, 'sms.inbox': 503, 'sms.storage': 503 } as const;

const takePdu = async (desk: LinkDesk, smpp: SmppConfig, pdu: SmppPdu, boundAtMs: number): Promise<number> => {
  const { id, countryCode } = desk.config;
  const arrival = readArrival(pdu, { id, defaultCoding: smpp.defaultCoding, countryCode });
  if (!arrival.ok) {
    desk.note(arrival.code);
    return smppStatus.rejected;
  }
  if (arrival.value.kind === 'receipt') {
    desk.note('receipt');
    return smppStatus.ok;
  }
  return smppAnswers[await desk.take(arrival.value.sms, boundAtMs)];
};

const tlsOf = ({ tls }: SmppConfig): ConnectionOptions | undefined => {
  if (tls === undefined) return undefined;
  const read = (file: string | undefined): Buffer | undefined => (file === undefined ? undefined : readFileSync(file));
  const [ca, cert, key] = [tls.caFile, tls.certificateFile, tls.keyFile].map(read);
  return {
    ca,
    cert,
    key,
    minVersion: 'TLSv1.2',
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
  };
};

const openLink = (desk: LinkDesk, smpp: SmppConfig, changed: SmsPlaneParts['linkChanged']): SmppLink =>
  new SmppLink({
    host: smpp.host,
    port: smpp.port,
    tls: tlsOf(smpp),
    bind: smpp.bind,
    systemId: smpp.systemId,
    password: smpp.secret,
    systemType: smpp.systemType,
    window: smpp.window,
    enquireMs: smpp.enquireSeconds * 1000,
    answerMs: 10_000,
    leastBackoffMs: 250,
    mostBackoffMs: 30_000,
    take: (pdu, boundAtMs) => takePdu(desk, smpp, pdu, boundAtMs),
    changed: (state) => {
      desk.state = state.state;
      changed(state);
    },
  });

const webhookOf = (desk: LinkDesk): readonly WebhookLink[] => {
  const { webhook, countryCode } = desk.config;
  if (webhook === undefined) return [];
  const take = async (sms: ArrivedSms): Promise<number> => httpAnswers[await desk.take(sms, 0)];
  return [{ webhook, countryCode, take, refused: (code) => void desk.note(code) }];
};

/** Opens the plane: what waits is counted, webhooks listen, links connect. */
export const openSmsPlane = async (parts: SmsPlaneParts): Promise<SmsPlane> => {
  const { config, inbox, receiver, now, failed } = parts;
  const desk = new SmsDesk({ inbox, receiver, now, failed, mostWaiting: config.mostWaiting });
  const desks = config.links.map((link) => new LinkDesk(link, desk, now));
  await desk.open();
  const webhooks = desks.flatMap(webhookOf);
  const listener: WebhookListener | undefined =
    config.listen === undefined ? undefined : await openWebhooks(config.listen, webhooks, failed);
  const links = desks.flatMap((each) =>
    each.config.smpp === undefined ? [] : [openLink(each, each.config.smpp, parts.linkChanged)],
  );
  return {
    port: listener?.port,
    status: () => ({
      links: desks.map(({ config: { id, smpp }, state, outcomes }) => ({
        id,
        kind: smpp === undefined ? 'webhook' : 'smpp',
        state,
        outcomes,
      })),
      waiting: desk.waiting,
      counts: desk.counts,
    }),
    close: async () => {
      await Promise.all([...links.map((link) => link.close()), listener?.close()]);
      await desk.close();
    },
  };
};
