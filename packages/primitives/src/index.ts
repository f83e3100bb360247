/** Floor 0: the words that every other package speaks. */
export * from './bytes.ts';
export * from './crypto.ts';
export * from './result.ts';
export * from './time.ts';
