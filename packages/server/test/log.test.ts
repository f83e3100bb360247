/** The process's own log: what a field of each kind becomes, whatever it is given. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createLog, type Log } from '../src/gateway/log.ts';
import { type EventName, eventShapes } from '../src/observability/log-events.ts';
import { type FieldKind, shownFault, shownField } from '../src/observability/log-fields.ts';
import { newRequestId } from '../src/observability/trace-context.ts';
import { StorageFault } from '../src/storage/storage-refusal.ts';

const secret = 'zqx-secret-4111111111111111';

/** Everything that a caller might hand over by mistake. */
const smuggled: readonly unknown[] = [
  secret,
  { token: secret },
  [secret],
  new Map([[secret, secret]]),
  () => secret,
  Symbol(secret),
  { toJSON: () => secret },
  Object.assign(new Error(secret), { code: secret, syscall: `${secret} x`, path: secret, input: secret }),
  new Error(secret, { cause: new TypeError(secret, { cause: secret }) }),
  Object.assign(new Error('x'), { name: secret, stack: `    at ${secret} (file:///a.ts:1:1)\n${secret}` }),
  new Error(`a\n    at ${secret} (file:///a.ts:1:1)`),
  (() => {
    try {
      return JSON.parse(`{"pin":${secret}}`) as unknown;
    } catch (error) {
      return error;
    }
  })(),
  (() => {
    try {
      return new URL(`//${secret}`);
    } catch (error) {
      return error;
    }
  })(),
];

type AnyLog = Readonly<Record<keyof Log, (event: EventName, fields: unknown) => void>>;

describe('what a log line may hold', () => {
  test('no field of any event lets a value of another kind through', () => {
    const lines: string[] = [];
    const log = createLog('debug', (line) => lines.push(line)) as AnyLog;
    let events = 0;
    for (const [event, { level, fields }] of Object.entries(eventShapes) as [
      EventName,
      (typeof eventShapes)[EventName],
    ][])
      for (const value of smuggled) {
        const given = Object.fromEntries(Object.keys(fields).map((name) => [name, value]));
        log[level](event, { ...given, password: value });
        events += 1;
      }
    assert.equal(lines.length, events);
    for (const line of lines) {
      assert.ok(!line.includes('zqx') && !line.includes('4111'), line);
      JSON.parse(line);
    }
  });

  test('a fault of any message, name and code shows none of them, unless a code has the form of one', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string(), (text, code) => {
        const marked = `zq${text}qz`;
        const error = Object.assign(new Error(marked, { cause: new RangeError(marked) }), { code: `${code} ` });
        assert.ok(!JSON.stringify(shownFault(error)).includes(JSON.stringify(marked).slice(1, -1)));
      }),
    );
  });

  test('a fault keeps what helps: class, system code, place, causes', () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:80'), {
      code: 'ECONNREFUSED',
      syscall: 'connect',
      errcode: 5,
    });
    const shown = shownFault(new TypeError('never shown', { cause }));
    assert.deepEqual(
      [shown.name, shown.message, shown.cause?.code, shown.cause?.syscall, shown.cause?.errcode],
      ['TypeError', undefined, 'ECONNREFUSED', 'connect', 5],
    );
    assert.match(shown.frames?.[0] ?? '', /log\.test\.ts:\d+:\d+/);
  });

  test('causes end, even where they go round', () => {
    const error = new Error('a');
    error.cause = error;
    let depth = 0;
    for (let at: { readonly cause?: unknown } | undefined = shownFault(error); at !== undefined; depth += 1)
      at = at.cause as typeof at;
    assert.equal(depth, 5);
  });

  test('what is of its kind is written', () => {
    const id = newRequestId();
    const kinds: readonly (readonly [FieldKind, unknown])[] = [
      ['count', 7],
      ['request', id],
      [['SIGTERM', 'SIGINT'], 'SIGTERM'],
    ];
    for (const [kind, value] of kinds) assert.equal(shownField(kind, value), value);
    for (const [kind, value] of [
      ['count', Number.NaN],
      ['request', 'customer-1'],
      [['SIGTERM'], 'SIGKILL'],
      ['issues', 'text'],
    ] as const)
      assert.equal(shownField(kind, value), '[withheld]');
    const fault = new StorageFault('the record can no longer be written');
    assert.equal(shownFault(fault).message, fault.message);
    const issue = { file: 'a.yaml', line: 3, path: ['workers'], message: 'is too small', hint: 'write 1' };
    assert.deepEqual(shownField('issues', [issue]), ['a.yaml:3: workers: is too small (hint: write 1)']);
  });

  test('a worker says which one it is', () => {
    const lines: string[] = [];
    createLog(
      'info',
      (line) => lines.push(line),
      () => new Date(0),
      { worker: 3 },
    ).info('config.reloaded');
    assert.deepEqual(JSON.parse(lines[0] ?? ''), {
      level: 'info',
      at: '1970-01-01T00:00:00.000Z',
      worker: 3,
      event: 'config.reloaded',
    });
  });
});
