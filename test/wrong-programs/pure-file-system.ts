/** A pure package cannot name a file. */
// expect TS2591
import { readFileSync } from 'node:fs';

export const text: unknown = readFileSync('x');
