/** The values of RFC 9651 section 3, and the characters that spell them. */
import type { Bytes } from '../bytes.ts';

/** A value without parameters. Kinds that share a JavaScript type stay apart: `1` and `1.0` are different fields. */
export type BareItem =
  | { readonly kind: 'integer'; readonly value: number }
  | { readonly kind: 'decimal'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'token'; readonly value: string }
  | { readonly kind: 'bytes'; readonly value: Bytes }
  | { readonly kind: 'boolean'; readonly value: boolean }
  /** Whole seconds since the epoch. */
  | { readonly kind: 'date'; readonly value: number }
  /** Any Unicode text. */
  | { readonly kind: 'display-string'; readonly value: string };

/** Parameters in the order of their first occurrence. */
export type Parameters = ReadonlyMap<string, BareItem>;
/** A value with its parameters. */
export type Item = BareItem & { readonly parameters: Parameters };
/** A list inside a list or dictionary. It cannot nest, so neither can anything else. */
export interface InnerList {
  readonly kind: 'inner-list';
  readonly items: readonly Item[];
  readonly parameters: Parameters;
}
/** What a list or dictionary holds. */
export type Member = Item | InnerList;
/** A list. */
export type List = readonly Member[];
/** Keys in the order of their first occurrence. */
export type Dictionary = ReadonlyMap<string, Member>;

/** Why a field was refused, in either direction. */
export type StructuredFieldCode =
  | 'structured-field.too-long'
  | 'structured-field.too-many'
  | 'structured-field.key'
  | 'structured-field.value'
  | 'structured-field.integer'
  | 'structured-field.decimal'
  | 'structured-field.string'
  | 'structured-field.token'
  | 'structured-field.bytes'
  | 'structured-field.boolean'
  | 'structured-field.date'
  | 'structured-field.display-string'
  | 'structured-field.inner-list'
  | 'structured-field.separator'
  | 'structured-field.trailing';

/** Bounds of a field; RFC 9651 section 3 asks for at least 1024 members, 256 parameters and 16384 bytes. */
export interface StructuredFieldLimits {
  /** Characters of the field value; 262,144 when absent. */
  readonly maxLength?: number;
  /** Values of all kinds together, parameters included; 16,384 when absent. */
  readonly maxValues?: number;
}

const none: Parameters = new Map();

/** A value with parameters. */
export const item = (bare: BareItem, parameters: Parameters = none): Item => ({ ...bare, parameters });
/** A list that may stand inside a list or dictionary. */
export const innerList = (items: readonly Item[], parameters: Parameters = none): InnerList => ({
  kind: 'inner-list',
  items,
  parameters,
});

/** The largest magnitude of an integer: 15 digits (section 3.3.1). */
export const maxInteger = 999_999_999_999_999;

// Each pattern reads one token where it stands (sticky). Every branch starts with another character, so none backtracks.
/** Section 3.1.2. */
export const keyPattern: RegExp = /[a-z*][a-z0-9_.*-]*/y;
/** Section 3.3.4, with RFC 9110's tchar. */
export const tokenPattern: RegExp = /[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*/y;

/** Whether a pattern covers a text from end to end. */
export const isWhole = (pattern: RegExp, text: string): boolean => {
  pattern.lastIndex = 0;
  return pattern.test(text) && pattern.lastIndex === text.length;
};
