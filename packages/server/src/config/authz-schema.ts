/** Parsers of the authz listener and of the client report. */
import { z } from 'zod';
import type { AuthzConfig, ReportConfig } from './config.ts';

const authzTlsSchema = z.strictObject({
  host: z.string().min(1).default('127.0.0.1'),
  port: z.int().min(1).max(65_535),
  certificateFile: z.string().min(1),
  keyFile: z.string().min(1),
  clientCaFile: z.string().min(1).describe('PEM file of the authorities whose clients may ask.'),
  clientNames: z
    .array(z.string().min(1))
    .default([])
    .describe('Common names that may ask; any that the authorities vouch for when empty.'),
});

/** The listener for nginx `auth_request` and Envoy `ext_authz`. */
export const authzSchema: z.ZodType<AuthzConfig | undefined> = z
  .strictObject({
    socket: z
      .string()
      .min(1)
      .optional()
      .describe('Path of a unix socket; the second worker thread appends `.1`, the third `.2`.'),
    tls: authzTlsSchema.optional().describe('Mutual TLS, where the proxy runs on another machine.'),
  })
  .describe('Listener for nginx `auth_request` and Envoy `ext_authz`: a unix socket or mutual TLS, nothing else.')
  .optional();

/** What the client report keeps. */
export const reportSchema: z.ZodType<ReportConfig> = z
  .strictObject({
    versionHeader: z
      .string()
      .regex(/^[a-z0-9-]+$/, 'must be a header name in lower case')
      .default('x-app-version')
      .describe('Request header that names the version of the app.'),
    clientRows: z
      .int()
      .min(16)
      .max(65_536)
      .default(256)
      .describe('Rows of the client report per worker thread and half minute.'),
  })
  .prefault({});
