/** One spelling of an id: what a form of an account number, a telephone number or a login name leaves open must not make two profiles of one payee. */
const unseen = /[\s\p{Cc}\p{Cf}]+/gu;

/** Compatibility forms folded, blanks and marks that nobody sees left out, small letters. */
export const canonicalId = (id: string): string => id.normalize('NFKC').replace(unseen, '').toLowerCase();
