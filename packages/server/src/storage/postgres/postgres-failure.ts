/** What went wrong between us and PostgreSQL, told apart by what may be done about it. */
import { StorageFault, type StorageRefusal, StorageUnavailable } from '../storage-refusal.ts';

/** The SQLSTATE of a server's error; each has a digit, which names such as EPIPE have not. */
const stateOf = (error: unknown): string | undefined => {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  const { code } = error;
  return typeof code === 'string' && /^(?=.*\d)[0-9A-Z]{5}$/.test(code) ? code : undefined;
};

/** Whether the server itself refused a statement, so that the connection is still of use. */
export const isStatementError = (error: unknown): boolean => {
  const state = stateOf(error);
  return state !== undefined && !state.startsWith('57P') && !state.startsWith('08');
};

/** Whether the server undid the transaction because of another one, so that it may be run again: serialization failure, deadlock. */
export const isTransient = (error: unknown): boolean => ['40001', '40P01'].includes(stateOf(error) ?? '');

/** 55P03 lock timeout, 57014 statement timeout, 53300 too many connections. */
const overloaded: readonly string[] = ['55P03', '57014', '53300', '40001', '40P01'];
/** 53100 disk full, 54000 and 53000: no room of another kind. */
const full: readonly string[] = ['53100', '53000', '54000'];
/** 25006: a standby; 55000: it is in recovery; 28: it does not know us; 3D000: no such database; 42P01: no tables. */
const closed = /^(?:08|57P|28|25006|55000|3D000|42P01|42501)/;

/**
 * The refusal for a failed call that changed nothing.
 * @returns undefined for what no operation of a database explains: a mistake of ours.
 */
export const refusalOf = (error: unknown): StorageRefusal | undefined => {
  if (error instanceof StorageUnavailable) return error.refusal;
  if (error instanceof StorageFault) return undefined;
  const state = stateOf(error);
  if (state !== undefined) {
    if (overloaded.includes(state)) return 'storage-overloaded';
    if (full.includes(state)) return 'storage-full';
    return closed.test(state) ? 'storage-closed' : undefined;
  }
  if (!(error instanceof Error)) return undefined;
  if (/timeout exceeded when trying to connect/.test(error.message)) return 'storage-overloaded';
  const isLost =
    'code' in error ||
    /Connection terminated|Query read timeout|not queryable|SSL|discarded|after calling end/.test(error.message);
  return isLost ? 'storage-closed' : undefined;
};

/** The error that a read throws in place of a refusal. */
export const unavailable = (error: unknown): unknown => {
  const refusal = refusalOf(error);
  return refusal === undefined || error instanceof StorageUnavailable
    ? error
    : new StorageUnavailable(refusal, 'the database of bindings cannot be asked', { cause: error });
};
