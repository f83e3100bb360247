/** Google's list of attestation certificates that are no longer believed, as a snapshot taken at a known time. */
import { accept, type Bytes, type EpochMs, type JsonValue, type Result, refuse, toHex } from '@hauberk/primitives';

/** Serial numbers and why each is listed. */
export interface RevocationSnapshot {
  readonly takenAt: EpochMs;
  /** By lower-case hexadecimal without leading zeros; the value is the list's status, e.g. REVOKED or SUSPENDED. */
  readonly statuses: ReadonlyMap<string, string>;
}

/** Keys are hexadecimal even when they hold only digits, and may have an odd length: they are numbers, not bytes. */
const normalSerial = (hex: string): string => hex.toLowerCase().replace(/^0+(?=.)/, '');

/** The form in which a certificate's serial number is looked up. */
export const serialKey = (serial: Bytes): string => normalSerial(toHex(serial));

const isObject = (value: JsonValue | undefined): value is { readonly [name: string]: JsonValue } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Reads the list as Google publishes it: `{"entries": {"<serial>": {"status": …}}}`. One bad entry refuses the list. */
export const readRevocationList = (
  list: JsonValue,
  takenAt: EpochMs,
): Result<RevocationSnapshot, 'REVOCATION_LIST_MALFORMED'> => {
  const entries = isObject(list) ? list['entries'] : undefined;
  if (!isObject(entries)) return refuse('REVOCATION_LIST_MALFORMED', 'entries');
  const statuses = new Map<string, string>();
  for (const [serial, entry] of Object.entries(entries)) {
    const status = isObject(entry) ? entry['status'] : undefined;
    if (typeof status !== 'string' || !/^[0-9a-f]+$/i.test(serial)) return refuse('REVOCATION_LIST_MALFORMED', serial);
    statuses.set(normalSerial(serial), status);
  }
  return accept({ takenAt, statuses });
};
