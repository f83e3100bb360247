/**
 * The sealed form of a backup: two lines in clear (what it is, how its key is wrapped), then frames of AES-256-GCM. Each frame is bound to the
 * lines, to its place and to whether it is the last, so that none can be changed, moved or cut off. The key of the file is random, wrapped
 * under the master key or under a passphrase: who finds a backup learns its size and nothing else.
 */
import { createCipheriv, createDecipheriv, hash, hkdfSync, randomBytes, scryptSync } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { fromBase64Url, toBase64Url, utf8 } from '@hauberk/primitives';
import type { MasterKey } from '../keys/master-key.ts';
import { StateError } from './storage-refusal.ts';

/** What opens a backup. */
export interface BackupKey {
  /** The master key of the state, where no passphrase is given. */
  readonly master?: MasterKey | undefined;
  readonly passphrase?: string | undefined;
}

const firstLine = 'hauberk-backup 2\n';
const frameBytes = 65_536;
const tagBytes = 16;
const maxHeader = 2048;
const shortestPassphrase = 12;
/** RFC 7914: 128 MiB and about half a second for every guess. */
const cost = { N: 131_072, r: 8, p: 1, maxmem: 256 * 1024 * 1024 } as const;

type KeyForm =
  | { readonly kind: 'master'; readonly id: string }
  | { readonly kind: 'passphrase'; readonly salt: string };

interface Header {
  readonly v: 2;
  readonly key: KeyForm;
  /** Nonce, the file's key encrypted, tag. */
  readonly wrap: string;
}

const malformed = (cause?: unknown): StateError =>
  new StateError('backup-malformed', 'the file is no backup of this program, or is damaged', 'use another backup', {
    cause,
  });

const masterMissing = (): StateError =>
  new StateError(
    'master-key-missing',
    'backups are sealed under the master key, and it is not here',
    'put the master key of the original there as keys/master.key (mode 0600), or name it in HAUBERK_MASTER_KEY_FILE',
  );

const wrongKey = ({ kind }: KeyForm, cause?: unknown): StateError =>
  kind === 'master'
    ? new StateError(
        'master-key-mismatch',
        'the backup is sealed under another master key',
        'supply the master key of the state that was backed up (HAUBERK_MASTER_KEY_FILE)',
        { cause },
      )
    : new StateError('backup-key-wrong', 'the backup is sealed under another passphrase', 'check --passphrase-file', {
        cause,
      });

const wrappingKey = (form: KeyForm, { master, passphrase }: BackupKey): Uint8Array => {
  if (form.kind === 'master') {
    if (master === undefined) throw masterMissing();
    if (master.id !== form.id) throw wrongKey(form);
    return new Uint8Array(hkdfSync('sha256', master.wrapping.reveal(), new Uint8Array(), utf8('hb1/backup-wrap'), 32));
  }
  const salt = fromBase64Url(form.salt);
  if (salt?.length !== 16) throw malformed();
  if (passphrase === undefined)
    throw new StateError(
      'backup-key-missing',
      'the backup is sealed under a passphrase',
      'give --passphrase-file FILE',
    );
  return scryptSync(passphrase.normalize('NFC'), salt, 32, cost);
};

const formFor = ({ master, passphrase }: BackupKey): KeyForm => {
  if (passphrase !== undefined) {
    if (passphrase.length < shortestPassphrase)
      throw new StateError(
        'backup-key-missing',
        `the passphrase has less than ${shortestPassphrase} characters`,
        'for example: openssl rand -base64 24 > passphrase',
      );
    return { kind: 'passphrase', salt: toBase64Url(new Uint8Array(randomBytes(16))) };
  }
  if (master === undefined) throw masterMissing();
  return { kind: 'master', id: master.id };
};

const wrapContext = utf8('hauberk/backup-key\u0000');

const wrap = (under: Uint8Array, key: Uint8Array): string => {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', under, nonce).setAAD(wrapContext);
  const sealed = [nonce, cipher.update(key), cipher.final()];
  return toBase64Url(new Uint8Array(Buffer.concat([...sealed, cipher.getAuthTag()])));
};

const unwrap = ({ key, wrap: text }: Header, given: BackupKey): Uint8Array => {
  const bytes = fromBase64Url(text);
  if (bytes?.length !== 12 + 32 + tagBytes) throw malformed();
  try {
    const decipher = createDecipheriv('aes-256-gcm', wrappingKey(key, given), bytes.subarray(0, 12));
    decipher.setAAD(wrapContext).setAuthTag(bytes.subarray(-tagBytes));
    return Buffer.concat([decipher.update(bytes.subarray(12, -tagBytes)), decipher.final()]);
  } catch (cause) {
    if (cause instanceof StateError) throw cause;
    throw wrongKey(key, cause);
  }
};

const nonceOf = (index: number): Buffer => {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(index, 6, 6);
  return nonce;
};

/** What a frame is bound to beside its place, which its nonce tells. */
const boundTo = (lines: string, isLast: boolean): Uint8Array =>
  Buffer.concat([hash('sha256', lines, 'buffer'), Buffer.from([isLast ? 1 : 0])]);

const writeAll = (descriptor: number, bytes: Uint8Array): void => {
  for (let offset = 0; offset < bytes.length; ) offset += writeSync(descriptor, bytes, offset);
};

/** Reads until the buffer is full or the file ends. */
const readUpTo = (descriptor: number, buffer: Uint8Array, position: number): number => {
  let held = 0;
  while (held < buffer.length) {
    const count = readSync(descriptor, buffer, held, buffer.length - held, position + held);
    if (count === 0) break;
    held += count;
  }
  return held;
};

const withFiles = <Answer>(from: string, to: string, work: (source: number, target: number) => Answer): Answer => {
  const source = openSync(from, 'r');
  try {
    const target = openSync(to, 'wx', 0o600);
    try {
      return work(source, target);
    } finally {
      closeSync(target);
    }
  } finally {
    closeSync(source);
  }
};

/** Seals a file into a new one. */
export const sealBackup = (plain: string, sealed: string, given: BackupKey): void => {
  const form = formFor(given);
  const key = randomBytes(32);
  const header: Header = { v: 2, key: form, wrap: wrap(wrappingKey(form, given), key) };
  const lines = `${firstLine}${JSON.stringify(header)}\n`;
  withFiles(plain, sealed, (source, target) => {
    writeAll(target, Buffer.from(lines));
    const { size } = fstatSync(source);
    const frame = Buffer.alloc(frameBytes);
    for (let index = 0, at = 0, isLast = false; !isLast; index += 1) {
      const count = readUpTo(source, frame, at);
      at += count;
      isLast = at >= size;
      const cipher = createCipheriv('aes-256-gcm', key, nonceOf(index)).setAAD(boundTo(lines, isLast));
      writeAll(target, cipher.update(frame.subarray(0, count)));
      writeAll(target, cipher.final());
      writeAll(target, cipher.getAuthTag());
    }
  });
};

const isForm = (value: unknown): value is KeyForm => {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return false;
  if (value.kind === 'master') return 'id' in value && typeof value.id === 'string';
  return value.kind === 'passphrase' && 'salt' in value && typeof value.salt === 'string';
};

const readLines = (source: number): { readonly header: Header; readonly lines: string } => {
  const start = Buffer.alloc(firstLine.length + maxHeader);
  const text = start.toString('latin1', 0, readUpTo(source, start, 0));
  const lines = text.slice(0, text.indexOf('\n', firstLine.length) + 1);
  let parsed: unknown;
  try {
    parsed = JSON.parse(lines.slice(firstLine.length));
  } catch (cause) {
    throw malformed(cause);
  }
  if (typeof parsed !== 'object' || parsed === null || !('key' in parsed && 'wrap' in parsed)) throw malformed();
  if (!isForm(parsed.key) || typeof parsed.wrap !== 'string') throw malformed();
  return { header: { v: 2, key: parsed.key, wrap: parsed.wrap }, lines };
};

/** Whether a file says that it is a sealed backup; refused when it says so of a later form. */
export const isSealedBackup = (file: string): boolean => {
  const source = openSync(file, 'r');
  try {
    const start = Buffer.alloc(firstLine.length);
    const text = start.toString('latin1', 0, readUpTo(source, start, 0));
    if (text === firstLine) return true;
    if (!text.startsWith('hauberk-backup ')) return false;
    throw new StateError(
      'state-newer-than-program',
      'the backup was made by a newer program',
      'restore it with that program',
    );
  } finally {
    closeSync(source);
  }
};

/** Opens a sealed backup into a new file. What was written before a refusal must be thrown away. */
export const openBackup = (sealed: string, plain: string, given: BackupKey): void =>
  withFiles(sealed, plain, (source, target) => {
    const { header, lines } = readLines(source);
    const key = unwrap(header, given);
    const { size } = fstatSync(source);
    const frame = Buffer.alloc(frameBytes + tagBytes);
    let at = Buffer.byteLength(lines, 'latin1');
    for (let index = 0, isLast = false; !isLast; index += 1) {
      const count = readUpTo(source, frame, at);
      at += count;
      isLast = at >= size;
      if (count < tagBytes) throw malformed();
      const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(index)).setAAD(boundTo(lines, isLast));
      decipher.setAuthTag(frame.subarray(count - tagBytes, count));
      const content = decipher.update(frame.subarray(0, count - tagBytes));
      try {
        decipher.final();
      } catch (cause) {
        throw malformed(cause);
      }
      writeAll(target, content);
    }
  });
