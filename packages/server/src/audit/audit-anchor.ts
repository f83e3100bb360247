/** The anchor: the newest checkpoint in a file beside the record, so that a record put back to an older state is noticed. */
import { existsSync, readFileSync } from 'node:fs';
import { type Bytes, fromBase64Url, toBase64Url } from '@hauberk/primitives';
import { writeFileDurably } from '../storage/durable-file.ts';
import type { AuditCheckpoint } from './audit-checkpoint.ts';

/** The text of an anchor. It may be kept anywhere; the further away, the more it proves. */
export const anchorText = (checkpoint: AuditCheckpoint): string =>
  `${JSON.stringify({
    v: 1,
    size: checkpoint.size,
    hash: toBase64Url(checkpoint.hash),
    atMs: checkpoint.atMs,
    epoch: checkpoint.epoch,
    boot: checkpoint.boot,
    keyId: checkpoint.keyId,
    signature: toBase64Url(checkpoint.signature),
  })}\n`;

const countOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
const bytesOf = (value: unknown): Bytes | undefined => (typeof value === 'string' ? fromBase64Url(value) : undefined);

const parseObject = (text: string): Readonly<Record<string, unknown>> => {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
  } catch {
    return {};
  }
};

/** Reads an anchor; undefined for anything else. */
export const parseAnchor = (text: string): AuditCheckpoint | undefined => {
  const members = parseObject(text);
  const [size, atMs, epoch, boot, keyId] = ['size', 'atMs', 'epoch', 'boot', 'keyId'].map((name) =>
    countOf(members[name]),
  );
  const [hash, signature] = [bytesOf(members['hash']), bytesOf(members['signature'])];
  if (members['v'] !== 1 || hash === undefined || signature === undefined) return undefined;
  if (size === undefined || atMs === undefined || epoch === undefined || boot === undefined || keyId === undefined)
    return undefined;
  return { size, hash, atMs, epoch, boot, keyId, signature };
};

/** Replaces the anchor of a state folder. */
export const writeAnchor = (file: string, checkpoint: AuditCheckpoint): void =>
  writeFileDurably(file, anchorText(checkpoint));

/** The anchor of a state folder: undefined when there is none, `malformed` when it is no anchor. */
export const readAnchor = (file: string): AuditCheckpoint | 'malformed' | undefined =>
  existsSync(file) ? (parseAnchor(readFileSync(file, 'utf8')) ?? 'malformed') : undefined;
