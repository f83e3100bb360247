/** `hauberk privacy verify FILE`: checks a consent ledger with the text and the public keys alone; no gateway, no state. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { fromBase64Url } from '@hauberk/primitives';
import type { LedgerHead } from '@hauberk/privacy';
import { verifyLedger } from '@hauberk/privacy';
import { ledgerVerifier } from '../privacy/consent-record.ts';
import { UsageError } from './admin-connection.ts';

/** Longest ledger that is read: 1,000 lines of their longest form. */
const maxLedgerText = 64 * 1024 * 1024;

const pointOf = (text: string): Uint8Array => {
  const point = fromBase64Url(text);
  if (point?.length !== 65 || point[0] !== 4) throw new UsageError('--key is a raw P-256 point as base64url');
  return point;
};

const headOf = (text: string | undefined): LedgerHead | undefined => {
  if (text === undefined) return undefined;
  const [, count, hash] = /^(\d{1,9}):([A-Za-z0-9_-]{43})$/.exec(text) ?? [];
  if (count === undefined || hash === undefined) throw new UsageError('--head is COUNT:HASH, as a receipt has it');
  return { count: Number(count), hash };
};

const parse = (args: readonly string[]) =>
  parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      key: { type: 'string', multiple: true, default: [] },
      head: { type: 'string' },
    },
  });

/** Checks the file; what is wrong is told with the number of its line. */
export const verifyConsentFile = (args: readonly string[]): { readonly json: unknown; readonly text: string } => {
  const { values, positionals } = parse(args);
  const [file, ...rest] = positionals;
  if (file === undefined || rest.length > 0) throw new UsageError('verify takes one FILE');
  if (values.key.length === 0) throw new UsageError('say which keys are trusted: --key POINT (hauberk privacy keys)');
  const text = readFileSync(file, 'utf8');
  const verifier = ledgerVerifier(values.key.map(pointOf));
  const checked =
    text.length > maxLedgerText
      ? ({ ok: false, code: 'consent.too-long', detail: 'file' } as const)
      : verifyLedger(text, verifier, headOf(values.head));
  if (!checked.ok) {
    const { code, detail } = checked;
    return { json: { ok: false, code, detail }, text: `${code}${detail === undefined ? '' : ` at ${detail}`}\n` };
  }
  const { events, head } = checked.value;
  const tail = values.head === undefined ? 'that nothing is missing at its end was not checked: no --head\n' : '';
  return {
    json: { ok: true, events: events.length, head },
    text: `the ledger is whole: ${events.length} events, head ${head.count}:${head.hash}\n${tail}`,
  };
};
