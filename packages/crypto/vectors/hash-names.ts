/** The name of a hash that vectors write as SHA256, SHA-256 or SHA512/256. */
export const hashName = (text: string): string =>
  text.replace(/^SHA-?([0-9])/, (_match, digit: string) => `SHA-${digit}`).replace(/^SHA-3-/, 'SHA3-');
