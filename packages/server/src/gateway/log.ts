/** The process's own log: one JSON line an event on stderr. Faults keep their stack; nothing of a request's content gets here. */

/** Levels from chatty to grave. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** What an event says beside its name. */
export type LogFields = Readonly<Record<string, unknown>>;

/** A log. */
export type Log = { readonly [Level in LogLevel]: (event: string, fields?: LogFields) => void };

const order: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

const plainFault = (value: unknown): unknown =>
  value instanceof Error
    ? {
        name: value.name,
        message: value.message,
        stack: value.stack,
        ...(value.cause === undefined ? {} : { cause: plainFault(value.cause) }),
      }
    : value;

/** A log from a level upwards. */
export const createLog = (
  level: LogLevel,
  write: (line: string) => void = (line) => void process.stderr.write(line),
  now: () => Date = () => new Date(),
): Log => {
  const at =
    (each: LogLevel) =>
    (event: string, fields: LogFields = {}) => {
      if (order.indexOf(each) < order.indexOf(level)) return;
      const plain = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, plainFault(value)]));
      write(`${JSON.stringify({ at: now().toISOString(), level: each, event, ...plain })}\n`);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
};
