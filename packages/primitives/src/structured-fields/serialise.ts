/** RFC 9651 section 4.1: values to text. What has no spelling is refused, never mended: a mended value would be another one. */
import { toBase64, utf8 } from '../bytes.ts';
import { accept, type Result, refuse } from '../result.ts';
import {
  type BareItem,
  type Dictionary,
  type Item,
  isWhole,
  keyPattern,
  type List,
  type Member,
  maxInteger,
  type Parameters,
  type StructuredFieldCode,
  tokenPattern,
} from './value.ts';

interface Writer {
  refusal: StructuredFieldCode | undefined;
}

const fail = (writer: Writer, code: StructuredFieldCode): string => {
  writer.refusal ??= code;
  return '';
};

const integerText = (writer: Writer, value: number, code: StructuredFieldCode): string =>
  Number.isInteger(value) && Math.abs(value) <= maxInteger ? String(value + 0) : fail(writer, code);

/** Thousandths of a decimal, rounded half to even on its decimal digits: binary halves are not the halves that people wrote. */
const thousandths = (whole: string, fraction: string): number => {
  const kept = Number(whole + fraction.slice(0, 3).padEnd(3, '0'));
  const rest = fraction.slice(3);
  if (rest < '5') return kept;
  return rest === '5' && kept % 2 === 0 ? kept : kept + 1;
};

/** Section 4.1.5. */
const decimalText = (writer: Writer, value: number): string => {
  if (!(Math.abs(value) < 1e12)) return fail(writer, 'structured-field.decimal');
  const text = String(Math.abs(value));
  // Exponents appear below 10^-6 only, where nothing is left after rounding.
  const [whole = '0', fraction = ''] = text.includes('e') ? [] : text.split('.');
  const digits = String(thousandths(whole, fraction)).padStart(4, '0');
  if (digits.length > 15) return fail(writer, 'structured-field.decimal');
  const sign = value < 0 && digits !== '0000' ? '-' : '';
  return `${sign}${digits.slice(0, -3)}.${digits.slice(-3).replace(/0{1,2}$/, '')}`;
};

const stringText = (writer: Writer, value: string): string =>
  /^[ -~]*$/.test(value) ? `"${value.replace(/["\\]/g, '\\$&')}"` : fail(writer, 'structured-field.string');

/** Section 4.1.11: the percent sign, the quote and everything outside printable ASCII, octet by octet. */
const displayText = (writer: Writer, value: string): string => {
  if (!value.isWellFormed()) return fail(writer, 'structured-field.display-string');
  const octets = Array.from(utf8(value), (octet) =>
    octet < 0x20 || octet > 0x7e || octet === 0x25 || octet === 0x22
      ? `%${octet.toString(16).padStart(2, '0')}`
      : String.fromCharCode(octet),
  );
  return `%"${octets.join('')}"`;
};

const bareText = (writer: Writer, bare: BareItem): string => {
  switch (bare.kind) {
    case 'integer':
      return integerText(writer, bare.value, 'structured-field.integer');
    case 'decimal':
      return decimalText(writer, bare.value);
    case 'string':
      return stringText(writer, bare.value);
    case 'token':
      return isWhole(tokenPattern, bare.value) ? bare.value : fail(writer, 'structured-field.token');
    case 'bytes':
      return `:${toBase64(bare.value)}:`;
    case 'boolean':
      return bare.value ? '?1' : '?0';
    case 'date':
      return `@${integerText(writer, bare.value, 'structured-field.date')}`;
    case 'display-string':
      return displayText(writer, bare.value);
  }
};

const keyText = (writer: Writer, key: string): string =>
  isWhole(keyPattern, key) ? key : fail(writer, 'structured-field.key');

const isPresent = (bare: { readonly kind: string; readonly value?: unknown }): boolean =>
  bare.kind === 'boolean' && bare.value === true;

const parametersText = (writer: Writer, parameters: Parameters): string => {
  let text = '';
  for (const [key, value] of parameters)
    text += `;${keyText(writer, key)}${isPresent(value) ? '' : `=${bareText(writer, value)}`}`;
  return text;
};

const itemText = (writer: Writer, item: Item): string =>
  bareText(writer, item) + parametersText(writer, item.parameters);

const memberText = (writer: Writer, member: Member): string => {
  if (member.kind !== 'inner-list') return itemText(writer, member);
  const items = member.items.map((item) => itemText(writer, item));
  return `(${items.join(' ')})${parametersText(writer, member.parameters)}`;
};

const entryText = (writer: Writer, key: string, member: Member): string =>
  isPresent(member)
    ? keyText(writer, key) + parametersText(writer, member.parameters)
    : `${keyText(writer, key)}=${memberText(writer, member)}`;

const written = (write: (writer: Writer) => string): Result<string, StructuredFieldCode> => {
  const writer: Writer = { refusal: undefined };
  const text = write(writer);
  return writer.refusal === undefined ? accept(text) : refuse(writer.refusal);
};

/** The one spelling of an item. */
export const serialiseItem = (item: Item): Result<string, StructuredFieldCode> =>
  written((writer) => itemText(writer, item));

/** The one spelling of a list; empty text means that the field is not to be sent at all. */
export const serialiseList = (list: List): Result<string, StructuredFieldCode> =>
  written((writer) => list.map((member) => memberText(writer, member)).join(', '));

/** The one spelling of a dictionary; empty text means that the field is not to be sent at all. */
export const serialiseDictionary = (dictionary: Dictionary): Result<string, StructuredFieldCode> =>
  written((writer) => Array.from(dictionary, ([key, member]) => entryText(writer, key, member)).join(', '));
