/** Check digits of the numbers that people are known by. All take plain digits (and the letters of their form) and answer whether they hold. */

const digit = (text: string, index: number): number => text.charCodeAt(index) - 48;

/** Luhn (ISO/IEC 7812-1 annex B): cards. */
export const luhn = (digits: string): boolean => {
  let sum = 0;
  for (let index = digits.length - 1, isSecond = false; index >= 0; index -= 1, isSecond = !isSecond) {
    const value = digit(digits, index);
    sum += isSecond ? (value > 4 ? value * 2 - 9 : value * 2) : value;
  }
  return sum % 10 === 0;
};

const residentWeights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

const isCalendarDay = (year: number, month: number, day: number): boolean => {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const lengths = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return year >= 1880 && year <= 2100 && day >= 1 && day <= (lengths[month - 1] ?? 0);
};

/** Chinese resident id (GB 11643-1999): 17 digits with a birthday inside, and a check digit or X. */
export const residentId = (text: string): boolean => {
  if (!isCalendarDay(Number(text.slice(6, 10)), Number(text.slice(10, 12)), Number(text.slice(12, 14)))) return false;
  const sum = residentWeights.reduce((total, weight, index) => total + weight * digit(text, index), 0);
  return '10X98765432'[sum % 11] === text[17]?.toUpperCase();
};

/** Tables of the dihedral group of order ten (Verhoeff 1969). */
const product = [
  '0123456789',
  '1234067895',
  '2340178956',
  '3401289567',
  '4012395678',
  '5987604321',
  '6598710432',
  '7659821043',
  '8765932104',
  '9876543210',
];
const permutation = [
  '0123456789',
  '1576283094',
  '5803796142',
  '8916043527',
  '9453126870',
  '4286573901',
  '2793806415',
  '7046913258',
];

/** Verhoeff: Aadhaar. */
export const verhoeff = (digits: string): boolean => {
  let check = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const place = digit(digits, digits.length - 1 - index);
    check = Number(product[check]?.[Number(permutation[index % 8]?.[place])]);
  }
  return check === 0;
};

/** Lengths of IBANs by country (ISO 13616 registry). */
const ibanLengths: Readonly<Record<string, number>> = {
  AD: 24,
  AE: 23,
  AL: 28,
  AT: 20,
  AZ: 28,
  BA: 20,
  BE: 16,
  BG: 22,
  BH: 22,
  BR: 29,
  BY: 28,
  CH: 21,
  CR: 22,
  CY: 28,
  CZ: 24,
  DE: 22,
  DK: 18,
  DO: 28,
  EE: 20,
  EG: 29,
  ES: 24,
  FI: 18,
  FO: 18,
  FR: 27,
  GB: 22,
  GE: 22,
  GI: 23,
  GL: 18,
  GR: 27,
  GT: 28,
  HR: 21,
  HU: 28,
  IE: 22,
  IL: 23,
  IQ: 23,
  IS: 26,
  IT: 27,
  JO: 30,
  KW: 30,
  KZ: 20,
  LB: 28,
  LC: 32,
  LI: 21,
  LT: 20,
  LU: 20,
  LV: 21,
  MC: 27,
  MD: 24,
  ME: 22,
  MK: 19,
  MR: 27,
  MT: 31,
  MU: 30,
  NL: 18,
  NO: 15,
  PK: 24,
  PL: 28,
  PS: 29,
  PT: 25,
  QA: 29,
  RO: 24,
  RS: 22,
  SA: 24,
  SC: 31,
  SE: 24,
  SI: 19,
  SK: 24,
  SM: 27,
  ST: 25,
  SV: 28,
  TL: 23,
  TN: 24,
  TR: 26,
  UA: 29,
  VA: 22,
  VG: 24,
  XK: 20,
};

/** The length of an IBAN that begins so; undefined for a country that has none. */
export const ibanLength = (country: string): number | undefined => ibanLengths[country];

/** ISO 7064 mod 97-10: IBAN, without spaces. */
export const iban = (text: string): boolean => {
  const turned = text.slice(4) + text.slice(0, 4);
  let rest = 0;
  for (const letter of turned) {
    const value = Number.parseInt(letter, 36);
    rest = (value > 9 ? rest * 100 + value : rest * 10 + value) % 97;
  }
  return rest === 1;
};

/** Singapore NRIC and FIN: a letter, seven digits, a check letter. */
export const singaporeId = (text: string): boolean => {
  const weights = [2, 7, 6, 5, 4, 3, 2];
  const first = text[0] ?? '';
  const base = first === 'T' || first === 'G' ? 4 : first === 'M' ? 3 : 0;
  const sum = weights.reduce((total, weight, index) => total + weight * digit(text, index + 1), base);
  if (first === 'M') return 'KLJNPQRTUWX'[10 - (sum % 11)] === text[8];
  return (first === 'S' || first === 'T' ? 'JZIHGFEDCBA' : 'XWUTRQPNMLK')[sum % 11] === text[8];
};
