/**
 * The process's own log: one JSON line an event on standard error, written before the call returns, so that the last words of a process are
 * not lost. Which events there are, and what may stand in them, is in the room of observability.
 */
import { type DestinationStream, destination, pino } from 'pino';
import {
  type EventArguments,
  type EventAt,
  type EventName,
  eventShapes,
  type LogLevel,
} from '../observability/log-events.ts';
import { shownField } from '../observability/log-fields.ts';

/** A log: each level takes its own events. */
export type Log = {
  readonly [Level in LogLevel]: <Name extends EventAt<Level>>(event: Name, ...fields: EventArguments<Name>) => void;
};

/** What every line of a thread says. */
export interface LogBindings {
  /** Index of the worker thread. */
  readonly worker?: number;
}

const standardError = (): DestinationStream => destination({ fd: 2, sync: true });

const shown = (event: EventName, given: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(eventShapes[event].fields).map(([name, kind]) => [name, shownField(kind, given[name])]),
  );

/** A log from a level upwards. */
export const createLog = (
  level: LogLevel,
  write?: (line: string) => void,
  now: () => Date = () => new Date(),
  bindings: LogBindings = {},
): Log => {
  const logger = pino(
    {
      level,
      base: { ...bindings },
      messageKey: 'event',
      timestamp: () => `,"at":"${now().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    write === undefined ? standardError() : { write },
  );
  const at =
    (each: LogLevel) =>
    (event: EventName, ...[fields]: [fields?: Readonly<Record<string, unknown>>]): void => {
      if (logger.isLevelEnabled(each)) logger[each](shown(event, fields ?? {}), event);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
};
