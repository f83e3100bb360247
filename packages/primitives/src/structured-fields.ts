/** Structured Field Values for HTTP (RFC 9651): strict and bounded, both directions. */
export { combineLines, parseDictionary, parseItem, parseList } from './structured-fields/parse.ts';
export { serialiseDictionary, serialiseItem, serialiseList } from './structured-fields/serialise.ts';
export {
  type BareItem,
  type Dictionary,
  type InnerList,
  type Item,
  innerList,
  item,
  type List,
  type Member,
  type Parameters,
  type StructuredFieldCode,
  type StructuredFieldLimits,
} from './structured-fields/value.ts';
