/** What the commands on a state folder share: how they refuse. */
import { readFileSync } from 'node:fs';
import { StateError } from '../storage/storage-refusal.ts';

/** Parses arguments, or prints what was wrong with them. */
export const usageError = <Parsed>(parse: () => Parsed, usage: string): Parsed | undefined => {
  try {
    return parse();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}\n`);
    return undefined;
  }
};

/** The passphrase in a file, without its last line end. */
export const readPassphrase = (file: string | undefined): string | undefined =>
  file === undefined ? undefined : readFileSync(file, 'utf8').replace(/\r?\n$/, '');

/** Prints a coded refusal, or what the system says of a file; anything else is a fault and thrown on. Answers the exit code. */
export const refusalText = (error: unknown, json: boolean, outcome: Readonly<Record<string, boolean>>): number => {
  const isSystem = error instanceof Error && ('syscall' in error || 'errcode' in error || error instanceof TypeError);
  if (!(error instanceof StateError) && !isSystem) throw error;
  const { code, hint } = error instanceof StateError ? error : { code: 'state-unreadable', hint: 'check the path' };
  process.stderr.write(`${code}: ${error.message}\n${hint}\n`);
  if (json) process.stdout.write(`${JSON.stringify({ ...outcome, code, message: error.message, hint })}\n`);
  return 1;
};
