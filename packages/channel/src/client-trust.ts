/**
 * What a client believes of a gateway: configs signed by its pinned keys, never older than the highest version it saw, not expired at its
 * time floor (the later of build time and the highest authenticated time seen), and vouched for by a fresh status statement.
 */
import {
  type AsyncCrypto,
  accept,
  type Bytes,
  type EpochMs,
  equalBytes,
  type Result,
  refuse,
  utf8,
} from '@hauberk/primitives';
import {
  type ConfigStatus,
  type GatewayConfig,
  type NamedKey,
  readConfigStatus,
  readGatewayConfig,
} from './gateway-config.ts';
import { context } from './names.ts';
import type { DocumentReason } from './reasons.ts';
import { readDocument } from './signed-document.ts';

/** What the app was built with, and what it learned since. */
export interface ClientTrust {
  readonly organisation: string;
  readonly service: string;
  /** Pinned config-signing keys. */
  readonly configKeys: readonly NamedKey[];
  /** max(minimum of the build, highest version ever verified). */
  readonly minConfigVersion: number;
  /** max(build time, highest authenticated time ever seen). */
  readonly timeFloor: EpochMs;
}

/** A config that a client may use, with the hash by which hello and status name it. */
export interface TrustedConfig {
  readonly config: GatewayConfig;
  readonly hash: Bytes;
  /** The exact document, to be kept. */
  readonly text: string;
  /** The time floor that it was judged at; a client that learns a later authenticated time may raise it. */
  readonly timeFloor: EpochMs;
}

/** Verifies a config document against the pinned keys, version floor and time floor. */
export const trustConfig = async (
  crypto: AsyncCrypto,
  trust: ClientTrust,
  text: string,
): Promise<Result<TrustedConfig, DocumentReason>> => {
  const document = readDocument(context.config, text);
  if (!document.ok) return document;
  const read = readGatewayConfig(document.value.payload);
  if (!read.ok) return read;
  const config = read.value;
  const key = trust.configKeys.find(({ kid }) => kid === config.signedBy);
  if (key === undefined) return refuse('document.unknown-key');
  if (!(await crypto.verify(key.publicKey, document.value.signedBytes, document.value.signature)))
    return refuse('document.signature');
  if (config.organisation !== trust.organisation || config.service !== trust.service) return refuse('document.scope');
  if (config.version < trust.minConfigVersion) return refuse('document.rollback');
  // Written so that a floor that is no number refuses, too.
  if (!(config.expiresAtMs > trust.timeFloor)) return refuse('document.expired');
  return accept({ config, hash: await crypto.sha256(utf8(text)), text, timeFloor: trust.timeFloor });
};

/** Verifies the status statement of a config at an authenticated time; an old statement does not pass by an answer from the past. */
export const trustStatus = async (
  crypto: AsyncCrypto,
  trusted: TrustedConfig,
  text: string,
  now: EpochMs,
): Promise<Result<ConfigStatus, DocumentReason>> => {
  const document = readDocument(context.status, text);
  if (!document.ok) return document;
  const read = readConfigStatus(document.value.payload);
  if (!read.ok) return read;
  const status = read.value;
  const key = trusted.config.statusKeys.find(({ kid }) => kid === status.signedBy);
  if (key === undefined) return refuse('document.unknown-key');
  if (!(await crypto.verify(key.publicKey, document.value.signedBytes, document.value.signature)))
    return refuse('document.signature');
  if (!equalBytes(status.configHash, trusted.hash) || status.configVersion !== trusted.config.version)
    return refuse('document.hash');
  if (status.expiresAtMs <= Math.max(now, trusted.timeFloor)) return refuse('document.expired');
  return accept(status);
};
