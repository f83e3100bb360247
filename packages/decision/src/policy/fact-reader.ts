/** Facts of one flat object after another, into one array that is used again: what `factsFrom` does for a single one, for a path that is walked often. */
import { type Facts, fitsType, type PolicySchema } from './schema.ts';
import type { PolicyType, PolicyValue } from './syntax.ts';

type Values = Readonly<Record<string, unknown>>;

const literal = (text: string): string =>
  JSON.stringify(text).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');

const test: Readonly<Record<PolicyType, string>> = {
  number: "typeof v==='number'&&v-v===0",
  text: "typeof v==='string'",
  truth: "typeof v==='boolean'",
  texts: "fits(v,'texts')",
};

/** A field that is read. */
export interface ReadField {
  /** Under which name it lies in the objects. */
  readonly name: string;
  readonly type: PolicyType;
  /** Its place among the facts. */
  readonly place: number;
}

/** Writes the facts of one object. */
export type FactWriter = (values: Values, facts: PolicyValue[]) => void;

/** Source made of places and JSON of names alone. Undefined where code from text is forbidden. */
const generated = (fields: readonly ReadField[]): FactWriter | undefined => {
  const lines = fields.map(({ name, type, place }) => `v=x[${literal(name)}];f[${place}]=${test[type]}?v:undefined;`);
  try {
    // oxlint-disable-next-line typescript/no-implied-eval -- the source is made of checked types, numbers and JSON of names
    const make = new Function('fits', `return function(x,f){let v;${lines.join('\n')}}`) as (
      fits: typeof fitsType,
    ) => FactWriter;
    return make(fitsType);
  } catch (error) {
    if (error instanceof EvalError) return undefined;
    throw error;
  }
};

/** Compiles a writer of facts. A value of another type, or a number that is none, counts as missing. */
export const factWriter = (fields: readonly ReadField[]): FactWriter =>
  generated(fields) ??
  ((values, facts) => {
    for (const { name, type, place } of fields) {
      const value = values[name];
      facts[place] = fitsType(value, type) ? value : undefined;
    }
  });

/** How to read. */
export interface FactReaderOptions {
  /** Under which name a path lies in the objects; the path itself when absent. */
  readonly nameOf?: (path: string) => string;
  /** Only these paths are read (`factsAsked`); all when absent. */
  readonly asked?: ReadonlySet<string>;
}

/** Compiles a reader: as `factWriter`, into an array that is the same each time. What is not read is missing. */
export const factReader = (
  schema: PolicySchema,
  { nameOf = (path) => path, asked }: FactReaderOptions = {},
): ((values: Values) => Facts) => {
  const fields = [...schema.fields]
    .filter(([path]) => asked?.has(path) ?? true)
    .map(([path, { type, place }]) => ({ name: nameOf(path), type, place }));
  const facts: PolicyValue[] = Array.from(schema.fields, () => undefined);
  const write = factWriter(fields);
  return (values) => {
    write(values, facts);
    return facts;
  };
};
