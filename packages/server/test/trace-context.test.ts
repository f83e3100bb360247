/** W3C Trace Context: what is read, what is passed on, and whose word counts. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { problemBody } from '../src/gateway/problems.ts';
import {
  newRequestId,
  readTraceparent,
  readTracestate,
  startPlainTrace,
  traceIdOf,
} from '../src/observability/trace-context.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';
const parent = `00-${traceId}-${spanId}-01`;

const outbound = (headers: Record<string, string>, isTrusted: boolean): Record<string, string | undefined> => {
  const flat: string[] = [];
  startPlainTrace(headers, isTrusted).appendTo(flat);
  return Object.fromEntries(flat.flatMap((name, index) => (index % 2 === 0 ? [[name, flat[index + 1]]] : [])));
};

describe('traceparent', () => {
  test('version 00 is read', () => {
    assert.deepEqual(readTraceparent(parent), { traceId, spanId, flags: 1 });
    assert.equal(readTraceparent(`00-${traceId}-${spanId}-00`)?.flags, 0);
  });

  test('a later version is read as far as version 00 goes', () => {
    assert.equal(readTraceparent(`cc-${traceId}-${spanId}-01-what-the-future-will-be`)?.traceId, traceId);
    assert.equal(readTraceparent(`cc-${traceId}-${spanId}-01`)?.spanId, spanId);
  });

  for (const [rule, text] of [
    ['absent', undefined],
    ['empty', ''],
    ['version ff', `ff-${traceId}-${spanId}-01`],
    ['version 00 with a further part', `${parent}-x`],
    ['a later version without its dash', `cc-${traceId}-${spanId}-01.x`],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${spanId}-01`],
    ['a span id of zeros', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['upper case', parent.toUpperCase()],
    ['a short trace id', `00-${traceId.slice(1)}-${spanId}-01`],
    ['two joined headers', `${parent}, ${parent}`],
    ['a long one', `cc-${traceId}-${spanId}-01-${'x'.repeat(300)}`],
  ] as const)
    test(`refused: ${rule}`, () => assert.equal(readTraceparent(text), undefined));

  test('any text is read or refused, and what is read says the same again', () => {
    const near = fc
      .tuple(fc.nat(parent.length - 1), fc.string({ minLength: 1, maxLength: 1 }))
      .map(([at, by]) => parent.slice(0, at) + by + parent.slice(at + 1));
    fc.assert(
      fc.property(fc.oneof(fc.string(), near), (text) => {
        const read = readTraceparent(text);
        if (read === undefined) return;
        assert.match(text, new RegExp(`^[0-9a-f]{2}-${read.traceId}-${read.spanId}-`));
        assert.ok(read.flags >= 0 && read.flags <= 255);
      }),
    );
  });
});

describe('tracestate', () => {
  test('members are passed on, empty ones are not', () =>
    assert.equal(readTracestate('a=1, ,t@v=x y ,b=2'), 'a=1,t@v=x y,b=2'));
  for (const [rule, text] of [
    ['33 members', Array.from({ length: 33 }, (_, index) => `k${index}=1`).join(',')],
    ['over 512 characters', `a=${'x'.repeat(511)}`],
    ['no key', '=1'],
    ['an upper-case key', 'A=1'],
    ['a second equals sign', 'a=b=c'],
    ['nothing', ' , '],
  ] as const)
    test(`dropped: ${rule}`, () => assert.equal(readTracestate(text), undefined));
});

describe('who names the trace', () => {
  test('a client does not: its ids, its state and its baggage end here', () => {
    const headers = { traceparent: parent, tracestate: 'a=1', baggage: 'customer=7' };
    const trace = startPlainTrace(headers, false);
    assert.notEqual(trace.traceId, traceId);
    const sent = outbound(headers, false);
    assert.deepEqual(Object.keys(sent), ['traceparent']);
    assert.match(sent['traceparent'] ?? '', /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    assert.ok(!sent['traceparent']?.includes(traceId));
  });

  test('a trusted proxy does: without a span of ours its parent is passed on as it came', () => {
    const headers = { traceparent: parent, tracestate: 'a=1', baggage: 'region=eu' };
    assert.equal(startPlainTrace(headers, true).traceId, traceId);
    assert.deepEqual(outbound(headers, true), headers);
  });

  test('a trusted proxy that sends no parent, or a broken one, gets a fresh trace without its state', () => {
    for (const traceparent of [undefined, 'nonsense']) {
      const sent = outbound({ ...(traceparent === undefined ? {} : { traceparent }), tracestate: 'a=1' }, true);
      assert.deepEqual(Object.keys(sent), ['traceparent']);
    }
  });

  test('two requests of one trace keep two ids', () => {
    const [one, two] = [startPlainTrace({ traceparent: parent }, true), startPlainTrace({ traceparent: parent }, true)];
    assert.equal(one.traceId, two.traceId);
    assert.notEqual(one.id, two.id);
  });
});

describe('request ids', () => {
  test('begin with the trace id and are all different', () => {
    const ids = Array.from({ length: 2000 }, newRequestId);
    assert.equal(new Set(ids).size, ids.length);
    assert.equal(new Set(ids.map(traceIdOf)).size, ids.length);
    for (const id of ids) assert.match(id, /^[0-9a-f]{32}-[0-9a-f]{16}$/);
  });

  test('a problem names the trace of its request', () => {
    const id = newRequestId();
    const problem = JSON.parse(problemBody('request.seal', { execution: 'none', instance: id }).body.toString());
    assert.deepEqual([problem.instance, problem.traceId], [id, traceIdOf(id)]);
  });
});
