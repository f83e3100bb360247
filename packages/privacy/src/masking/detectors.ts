/**
 * Finds personal data in text: cards, national ids, phones, accounts, addresses. One pass: the text is cut into runs of what numbers and names are written with, and each run is looked at
 * once, so that no text costs more than its length says. What has a check digit must pass it.
 */
import { iban, ibanLength, luhn, residentId, singaporeId, verhoeff } from './checksums.ts';

/** What a detector finds. */
export const detectorNames = [
  'card',
  'resident-id-cn',
  'aadhaar-in',
  'pan-in',
  'ssn-us',
  'nric-sg',
  'phone',
  'iban',
  'e-mail',
  'ip-address',
] as const;
/** One of them. */
export type DetectorName = (typeof detectorNames)[number];

/** A find: from `from` to `to` (excluded), in UTF-16 units. */
export interface Find {
  readonly detector: DetectorName;
  readonly from: number;
  readonly to: number;
}

/** Longest run of digits with separators that can be a number of these kinds, in characters; a longer one is something else. */
const longestRun = 40;

/** Small letters for capitals; other characters become no letter. */
const lowered = (code: number): number => code | 32;
const isDigit = (code: number): boolean => code >= 48 && code <= 57;
const isLetter = (code: number): boolean => lowered(code) >= 97 && lowered(code) <= 122;
const isWord = (code: number): boolean => isDigit(code) || isLetter(code) || code === 95;
const isSeparator = (code: number): boolean => code === 32 || code === 45 || code === 0xa0;

const cardLengths: readonly (readonly [RegExp, readonly number[]])[] = [
  [/^4/, [13, 16, 19]],
  [/^(?:5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720))/, [16]],
  [/^3[47]/, [15]],
  [/^(?:6011|64[4-9]|65)/, [16, 17, 18, 19]],
  [/^62/, [16, 17, 18, 19]],
  [/^35(?:2[89]|[3-8])/, [16, 17, 18, 19]],
  [/^3(?:0[0-5]|[68])/, [14]],
  [/^(?:50|5[6-9]|6[0378])/, [16, 17, 18, 19]],
];

const isCard = (digits: string): boolean =>
  digits.length >= 13 &&
  digits.length <= 19 &&
  cardLengths.some(([start, lengths]) => lengths.includes(digits.length) && start.test(digits)) &&
  luhn(digits);

/** Groups as numbers are written; `4111-1111-1111-1111` and `4111 1111 1111 1111` are cards, four years in a row are not. */
const groupsOf = (written: string): readonly number[] => written.split(/[- \u00a0]/).map((group) => group.length);

const areGroups = (groups: readonly number[], ...forms: readonly (readonly number[])[]): boolean =>
  groups.length === 1 ||
  forms.some((form) => form.length === groups.length && form.every((size, index) => size === groups[index]));

const cardForms = [
  [4, 4, 4, 4],
  [4, 6, 5],
  [4, 6, 4],
  [4, 4, 4, 4, 1],
  [4, 4, 4, 4, 2],
  [4, 4, 4, 4, 3],
  [6, 13],
];

const isPhone = (digits: string, groups: readonly number[], hasPlus: boolean): boolean => {
  if (hasPlus) return digits.length >= 8 && digits.length <= 15 && digits[0] !== '0';
  const isChinese = digits.length === 11 && /^1[3-9]/.test(digits) && areGroups(groups, [3, 4, 4]);
  const isLong =
    (digits.length === 13 && /^861[3-9]/.test(digits)) || (digits.length === 12 && /^91[6-9]/.test(digits));
  return isChinese || (isLong && areGroups(groups, [2, 11], [2, 3, 4, 4], [2, 5, 5], [2, 10]));
};

const isSocialSecurity = (written: string): boolean =>
  /^\d{3}-\d{2}-\d{4}$/.test(written) && !/^(?:000|666|9)/.test(written) && !/-00-|-0000$/.test(written);

/** What a run of digits with single separators is. */
const judgeDigits = (written: string, hasPlus: boolean): DetectorName | undefined => {
  const digits = written.replace(/[^0-9]/g, '');
  const groups = groupsOf(written);
  if (hasPlus) return isPhone(digits, groups, true) ? 'phone' : undefined;
  if (digits.length === 18 && groups.length === 1 && residentId(digits)) return 'resident-id-cn';
  if (isCard(digits) && areGroups(groups, ...cardForms)) return 'card';
  if (digits.length === 12 && /^[2-9]/.test(digits) && areGroups(groups, [4, 4, 4]) && verhoeff(digits))
    return 'aadhaar-in';
  if (isPhone(digits, groups, false)) return 'phone';
  return isSocialSecurity(written) ? 'ssn-us' : undefined;
};

const isAddress = (written: string): boolean =>
  /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)$/.test(written);

/** What a word of letters and digits is. */
const judgeWord = (word: string): DetectorName | undefined => {
  if (word.length === 18 && /^\d{17}[Xx]$/.test(word)) return residentId(word) ? 'resident-id-cn' : undefined;
  if (word.length === 10 && /^[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z]$/.test(word)) return 'pan-in';
  if (word.length === 9 && /^[STFGM]\d{7}[A-Z]$/.test(word)) return singaporeId(word) ? 'nric-sg' : undefined;
  return undefined;
};

class Scanner {
  readonly #text: string;
  readonly finds: Find[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  scan(): readonly Find[] {
    while (this.#at < this.#text.length) {
      const code = this.#text.charCodeAt(this.#at);
      if (code === 64) this.#mail();
      else if (code === 43 && isDigit(this.#code(this.#at + 1))) this.#digits(this.#at + 1, true);
      else if (isDigit(code)) this.#number();
      else if (isLetter(code)) this.#word();
      else this.#at += 1;
    }
    return this.finds;
  }

  #code(at: number): number {
    return at < this.#text.length ? this.#text.charCodeAt(at) : 0;
  }

  #found(detector: DetectorName, from: number, to: number): void {
    this.finds.push({ detector, from, to });
    this.#at = to;
  }

  /** End of the word that begins here. */
  #wordEnd(from: number): number {
    let end = from;
    while (isWord(this.#code(end))) end += 1;
    return end;
  }

  #number(): void {
    const wordEnd = this.#wordEnd(this.#at);
    let plainEnd = this.#at;
    while (isDigit(this.#code(plainEnd))) plainEnd += 1;
    if (plainEnd < wordEnd) return this.#judgedWord(wordEnd);
    if (this.#code(plainEnd) === 46 && isDigit(this.#code(plainEnd + 1))) return this.#dotted();
    this.#digits(this.#at, false);
  }

  #judgedWord(end: number): void {
    const word = end - this.#at <= longestRun ? this.#text.slice(this.#at, end) : '';
    const detector = judgeWord(word);
    if (detector !== undefined) return this.#found(detector, this.#at, end);
    this.#at = end;
  }

  /** Digits and dots: an address, or a number with a point, a date, a version. */
  #dotted(): void {
    let end = this.#at;
    while (isDigit(this.#code(end)) || (this.#code(end) === 46 && isDigit(this.#code(end + 1)))) end += 1;
    const from = this.#at;
    if (end - from <= 15 && !isWord(this.#code(end)) && isAddress(this.#text.slice(from, end)))
      return this.#found('ip-address', from, end);
    this.#at = end;
  }

  /** Digits with single separators between them. */
  #digits(from: number, hasPlus: boolean): void {
    let end = from;
    while (isDigit(this.#code(end)) || (isSeparator(this.#code(end)) && isDigit(this.#code(end + 1)))) end += 1;
    const next = this.#code(end);
    const isWhole = !isWord(next) && !(next === 46 && isDigit(this.#code(end + 1)));
    const written = end - from <= longestRun && isWhole ? this.#text.slice(from, end) : '';
    const detector = written === '' ? undefined : judgeDigits(written, hasPlus);
    if (detector !== undefined) return this.#found(detector, hasPlus ? from - 1 : from, end);
    this.#afterRun(from, end);
  }

  /** A run that is none as a whole may hold one in a group of its own, as in `call 13812345678 2 times`: each group is judged once. */
  #afterRun(from: number, end: number): void {
    for (let start = from; start < end; ) {
      let stop = start;
      while (stop < end && isDigit(this.#code(stop))) stop += 1;
      const isTail = stop === end && isWord(this.#code(end));
      const detector =
        stop - start <= 19 && !isTail && stop - start < end - from
          ? judgeDigits(this.#text.slice(start, stop), false)
          : undefined;
      if (detector !== undefined) this.finds.push({ detector, from: start, to: stop });
      start = stop + 1;
    }
    this.#at = Math.max(end, this.#wordEnd(end));
  }

  #word(): void {
    const from = this.#at;
    const country = this.#text.slice(from, from + 2);
    const length = isDigit(this.#code(from + 2)) && isDigit(this.#code(from + 3)) ? ibanLength(country) : undefined;
    if (length !== undefined && this.#iban(from, length)) return;
    this.#judgedWord(this.#wordEnd(from));
  }

  /** An account number in one piece or in groups of four. */
  #iban(from: number, length: number): boolean {
    let compact = '';
    let end = from;
    while (compact.length < length) {
      const code = this.#code(end);
      if (code === 32 && compact.length % 4 === 0 && compact.length > 0) end += 1;
      else if (isDigit(code) || (code >= 65 && code <= 90)) {
        compact += this.#text[end];
        end += 1;
      } else return false;
    }
    if (isWord(this.#code(end)) || !iban(compact)) return false;
    this.#found('iban', from, end);
    return true;
  }

  /** An at sign: back over the local part (never into the find before), forward over the domain. */
  #mail(): void {
    const floor = Math.max(this.finds.at(-1)?.to ?? 0, this.#at - 64);
    let from = this.#at;
    while (from > floor && (isWord(this.#code(from - 1)) || '.%+-'.includes(this.#text[from - 1] as string))) from -= 1;
    while (from < this.#at && this.#text[from] === '.') from += 1;
    let end = this.#at + 1;
    let lastDot = -1;
    while (
      end - this.#at <= 255 &&
      (isWord(this.#code(end)) || this.#code(end) === 45 || (this.#code(end) === 46 && isWord(this.#code(end + 1))))
    ) {
      if (this.#code(end) === 46) lastDot = end;
      end += 1;
    }
    const isDomain = lastDot > this.#at + 1 && end - lastDot >= 3 && !isDigit(this.#code(lastDot + 1));
    if (from < this.#at && isDomain) this.#found('e-mail', from, end);
    else this.#at += 1;
  }
}

/** All finds in a text, in order and apart from each other. */
export const detect = (text: string): readonly Find[] => new Scanner(text).scan();
