/** Assertions that run in Node and in a browser page alike. */
import { HauberkError } from '../../src/core/hauberk-error.ts';

const show = (value: unknown): string => JSON.stringify(value) ?? String(value);

/** Both values have the same JSON. */
export const same = (actual: unknown, expected: unknown, what: string): void => {
  if (show(actual) !== show(expected)) throw new Error(`${what}: ${show(actual)}, expected ${show(expected)}`);
};

/** The condition holds. */
export const holds = (condition: boolean, what: string): void => {
  if (!condition) throw new Error(what);
};

/** The call throws; answers what it threw. */
export const thrown = async (work: Promise<unknown>, what: string): Promise<unknown> => {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error(`${what}: was not refused`);
};

/** The call throws a coded failure; answers it. */
export const refused = async (work: Promise<unknown>, code: string, what: string): Promise<HauberkError> => {
  const error = await thrown(work, what);
  if (!(error instanceof HauberkError)) throw new Error(`${what}: threw ${String(error)}`, { cause: error });
  same(error.code, code, what);
  return error;
};
