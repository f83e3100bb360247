/** Schema of the section `storage`. */
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { z } from 'zod';
import type { PostgresConfig, StorageConfig } from './storage-config.ts';

const count = (least: number, most: number) => z.int().min(least).max(most);

const tlsSchema = z.strictObject({
  caFile: z.string().min(1).optional().describe("PEM file of the authorities that are believed; else the system's."),
  certificateFile: z.string().min(1).optional().describe('Our certificate (PEM), where the database asks for one.'),
  keyFile: z.string().min(1).optional().describe('Its private key (PEM).'),
});

/** Whether what is sent to a host stays on this machine. */
const isLocal = (host: string): boolean =>
  host.startsWith('/') || host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));

const postgresSchema = z
  .strictObject({
    host: z.string().min(1).default('127.0.0.1').describe('Name, address, or folder of a unix socket.'),
    port: count(1, 65_535).default(5432),
    database: z.string().min(1).default('hauberk'),
    user: z.string().min(1).default('hauberk'),
    password: z.string().min(1).optional().describe('Better in a file of its own: password_FILE.'),
    schema: z
      .string()
      .regex(/^[a-z_][a-z0-9_]{0,62}$/, 'must be 1 to 63 of a-z 0-9 _ and not begin with a digit')
      .default('hauberk')
      .describe('Schema of the tables; made when absent.'),
    tls: z
      .union([z.literal('none'), tlsSchema])
      .default({})
      .describe('TLS, always verified; none is accepted only on this machine.'),
    connections: count(1, 256).default(8).describe('Most connections of one worker thread.'),
    calls: count(1, 65_536)
      .default(512)
      .describe('Most calls of one worker thread at a time; beyond, they are refused.'),
    connectTimeoutMs: count(50, 60_000).default(2000).describe('Longest wait for a connection, made or free.'),
    statementTimeoutMs: count(50, 60_000).default(2000).describe('Longest time of one statement.'),
  })
  .refine(({ host, tls }) => tls !== 'none' || isLocal(host), {
    path: ['tls'],
    message: 'must not be none: the database is on another machine',
  });

/** The section. */
export const storageSchema: z.ZodType<StorageConfig | undefined> = z
  .strictObject({
    binding: z
      .strictObject({ postgres: postgresSchema.describe('A PostgreSQL database, 13 or later.') })
      .optional()
      .describe('Where bindings are kept; in the state folder when absent.'),
  })
  .optional()
  .describe('What is kept elsewhere than in the state folder.');

const absolutePostgres = (postgres: PostgresConfig, folder: string): PostgresConfig => {
  const absolute = (file: string | undefined): string | undefined =>
    file === undefined ? undefined : resolve(folder, file);
  const { tls } = postgres;
  if (tls === 'none') return postgres;
  const files = {
    caFile: absolute(tls.caFile),
    certificateFile: absolute(tls.certificateFile),
    keyFile: absolute(tls.keyFile),
  };
  return { ...postgres, tls: files };
};

/** The section with absolute file names. */
export const resolveStorage = (storage: StorageConfig | undefined, folder: string): StorageConfig | undefined =>
  storage?.binding === undefined
    ? storage
    : { ...storage, binding: { postgres: absolutePostgres(storage.binding.postgres, folder) } };
