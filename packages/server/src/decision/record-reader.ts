/** Opens records with the schema and the policy of their time, and remembers what it opened. Where texts come from is its caller's: the record database or the admin API. */
import {
  type FactSchema,
  factSchema,
  type PolicyEntry,
  readPolicySet,
  type SchemaDeclaration,
  schemaDocument,
} from '@hauberk/decision';
import { accept, canonicalJson, type JsonValue, parseJson, type Result, refuse } from '@hauberk/primitives';
import { documentHash } from './policy-book.ts';
import type { KeptText, TextKind } from './record-texts.ts';

/** A schema with its whole hash. */
export interface OpenedSchema {
  readonly schema: FactSchema;
  readonly hash: string;
}

/** Why a record cannot be read. */
export type ReaderCode = 'record.no-schema' | 'record.no-policy';

const limits = { maxDepth: 64, maxKeys: 262_144, maxLength: 8_388_608 };

const parsed = (text: string): JsonValue | undefined => {
  const read = parseJson(text, limits);
  return read.ok ? read.value : undefined;
};

/** The hash of a schema: what records name it by. */
export const schemaHashOf = (schema: FactSchema): string => documentHash(canonicalJson(schemaDocument(schema)));

/** See the top of the file. */
export class RecordReader {
  readonly #find: (kind: TextKind, hash: string) => Promise<KeptText | undefined>;
  readonly #schemas = new Map<string, OpenedSchema>();
  readonly #policies = new Map<string, PolicyEntry>();

  constructor(find: (kind: TextKind, hash: string) => Promise<KeptText | undefined>) {
    this.#find = find;
  }

  /** A text by its kind and hash. */
  text(kind: TextKind, hash: string): Promise<KeptText | undefined> {
    return this.#find(kind, hash);
  }

  /** The schema that a record names. One that does not come out as named is refused: its facts would mean something else. */
  async schema(hash: string): Promise<Result<OpenedSchema, 'record.no-schema'>> {
    const held = this.#schemas.get(hash);
    if (held !== undefined) return accept(held);
    const text = await this.#find('schema', hash);
    const declaration = text === undefined ? undefined : parsed(text.document);
    if (declaration === undefined) return refuse('record.no-schema', hash);
    const made = factSchema(declaration as unknown as SchemaDeclaration);
    if (!made.ok) return refuse('record.no-schema', made.code);
    const whole = schemaHashOf(made.value);
    if (!whole.startsWith(hash)) return refuse('record.no-schema', `${hash} was made by another program`);
    const opened = { schema: made.value, hash: whole };
    this.#schemas.set(hash, opened);
    return accept(opened);
  }

  /** The policy that a record names, compiled for its schema. */
  async policy({ schema, hash: of }: OpenedSchema, hash: string): Promise<Result<PolicyEntry, 'record.no-policy'>> {
    const name = `${of}\n${hash}`;
    const held = this.#policies.get(name);
    if (held !== undefined) return accept(held);
    const text = await this.#find('policy', hash);
    const document = text === undefined ? undefined : parsed(text.document);
    if (text === undefined || document === undefined) return refuse('record.no-policy', hash);
    const read = readPolicySet([{ document, hash: text.hash }], schema);
    const [entry] = read.ok ? read.value : [];
    if (entry === undefined) return refuse('record.no-policy', `${hash} cannot be read by this program`);
    this.#policies.set(name, entry);
    return accept(entry);
  }
}

/** A policy of a file, compiled for a schema, to be tried on records. */
export const policyOfDocument = (
  document: JsonValue,
  { schema }: OpenedSchema,
): Result<PolicyEntry, 'policy.malformed'> => {
  const hash = documentHash(canonicalJson(document));
  const read = readPolicySet([{ document, hash }], schema);
  const [entry] = read.ok ? read.value : [];
  if (entry !== undefined) return accept(entry);
  const [first] = read.ok ? [] : read.faults;
  return refuse('policy.malformed', first === undefined ? '' : `${first.rule}: ${first.message} at ${first.at}`);
};
