/** Statements written in Kysely once, compiled once, run many times by `node:sqlite` without building anything. */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { type Compilable, DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely';
import type { RecordSchema } from './record-schema.ts';

/** Builds statements; has no connection. */
const builder = new Kysely<RecordSchema>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (kysely) => new SqliteIntrospector(kysely),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
});

/** Stands in a query for the member of the input that will be bound there. */
class Placeholder {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

const placeholders = new Proxy({}, { get: (_target, name) => new Placeholder(String(name)) });

/** A compiled statement. */
export interface Statement<Input, Row> {
  first(input: Input): Row | undefined;
  all(input: Input): Row[];
  /** Runs it and answers how many rows it changed. */
  run(input: Input): number;
}

type Binding = (input: Readonly<Record<string, unknown>>) => SQLInputValue;

const bindingOf = (parameter: unknown): Binding =>
  parameter instanceof Placeholder
    ? (input) => input[parameter.name] as SQLInputValue
    : () => parameter as SQLInputValue;

/**
 * Compiles a query; members of `$` become bound parameters of the same name. Values in the query that do not come from `$` are fixed at
 * compile time.
 */
export const prepare = <Input extends object, Row>(
  database: DatabaseSync,
  build: (query: Kysely<RecordSchema>, $: Input) => Compilable<Row>,
): Statement<Input, Row> => {
  const compiled = build(builder, placeholders as Input).compile();
  const bindings = compiled.parameters.map(bindingOf);
  const statement: StatementSync = database.prepare(compiled.sql);
  const bind = (input: Input): SQLInputValue[] => {
    const members = input as Readonly<Record<string, unknown>>;
    return bindings.map((binding) => binding(members));
  };
  return {
    first: (input) => statement.get(...bind(input)) as Row | undefined,
    all: (input) => statement.all(...bind(input)) as Row[],
    run: (input) => Number(statement.run(...bind(input)).changes),
  };
};
