/** The `sms` member of the configuration. */
import { z } from 'zod';
import { defaultCodings } from '../sms/sms-coding.ts';
import type { SmsConfig } from './config.ts';

const count = (least: number, most: number) => z.int().min(least).max(most);
const file = z.string().min(1);

const smppTlsSchema = z
  .strictObject({
    caFile: file
      .optional()
      .describe('PEM file of who signs the certificate of the SMSC; the usual authorities when absent.'),
    certificateFile: file.optional().describe('Our certificate (PEM), where the SMSC asks for one.'),
    keyFile: file.optional(),
    serverName: z.string().min(1).optional().describe('Name in the certificate of the SMSC, when it is not the host.'),
  })
  .describe(
    'TLS to the SMSC. Without it only over a private line or a tunnel: passwords and tokens cross in the clear.',
  );

const smppSchema = z
  .strictObject({
    host: z.string().min(1),
    port: z.int().min(1).max(65_535).default(2775),
    tls: smppTlsSchema.optional(),
    bind: z.enum(['receiver', 'transceiver']).default('receiver'),
    systemId: z.string().min(1).max(15),
    secret: z.string().max(8).describe('Password of the bind; SMPP allows 8 characters.'),
    systemType: z.string().max(12).default(''),
    defaultCoding: z.enum(defaultCodings).default('gsm7').describe('What the SMSC means by data coding 0.'),
    window: count(1, 4096).default(64).describe('Messages that may be under way on the link.'),
    enquireSeconds: count(1, 3600).default(30).describe('A link that is silent for so long is asked whether it lives.'),
  })
  .describe('A link that we open to an SMSC.');

const membersSchema = z
  .strictObject({
    from: z.string().min(1).default('from'),
    to: z.string().min(1).default('to'),
    text: z.string().min(1).default('text'),
    id: z.string().min(1).default('id'),
    carrier: z.string().min(1).default('carrier'),
  })
  .prefault({})
  .describe('Names of the members of a JSON call.');

const webhookSchema = z
  .strictObject({
    path: z.string().regex(/^\/[A-Za-z0-9/_.-]{0,127}$/, 'must be a path such as /sms/operator'),
    form: z.enum(['kannel', 'json']).default('json'),
    addresses: z.array(z.string().min(1)).default([]).describe('CIDR blocks that may call.'),
    clientNames: z
      .array(z.string().min(1))
      .default([])
      .describe('Common names of client certificates that may call; needs `sms.listen.tls.clientCaFile`.'),
    members: membersSchema,
  })
  .describe('A link that calls us.');

const linkSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'must be 1 to 64 of a-z 0-9 . _ - and begin with a letter or digit'),
  smpp: smppSchema.optional(),
  webhook: webhookSchema.optional(),
  countryCode: z
    .string()
    .regex(/^[1-9][0-9]{0,2}$/)
    .optional()
    .describe('Put before national numbers; without it they are refused.'),
  messagesPerSecond: count(1, 100_000).default(500).describe('Beyond, the link is told to slow down.'),
  redeliverySeconds: count(0, 600)
    .default(10)
    .describe('The same source, number and text without an id within this span is one message delivered twice.'),
});

const listenSchema = z
  .strictObject({
    host: z.string().min(1).default('127.0.0.1'),
    port: z.int().min(0).max(65_535).default(0).describe('Port of the webhooks; 0 takes a free one.'),
    tls: z
      .strictObject({
        certificateFile: file,
        keyFile: file,
        clientCaFile: file.optional().describe('Mutual TLS: who signs the certificates of callers.'),
      })
      .optional(),
  })
  .describe('The listener of webhooks.');

/** Inbound SMS. */
export const smsSchema: z.ZodType<SmsConfig | undefined> = z
  .strictObject({
    listen: listenSchema.optional(),
    links: z.array(linkSchema).min(1).max(64),
    mostWaiting: count(100, 10_000_000)
      .default(100_000)
      .describe('Messages that may wait to be counted; beyond, links are told to come again.'),
  })
  .optional()
  .describe('Inbound SMS for binding; see docs/sms.md.');
