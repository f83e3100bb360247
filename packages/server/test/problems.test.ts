import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseJson, readProblem } from '@hauberk/primitives';
import { outerOf, outerProblems, problemBody } from '../src/gateway/problems.ts';
import type { Reason } from '../src/gateway/reasons.ts';

const page = (name: string): string => readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');

const reasonRows = [...page('reasons.md').matchAll(/^\| `([a-z-]+\.[a-z-]+)` +\| (.+?) +\| `([a-z-]+)` +\|$/gm)];
const problemRows = [...page('problems.md').matchAll(/^\| `([a-z-]+)` +\| (\d{3}) +\| (.+?) +\| (.+?) +\|$/gm)];
const reasons = Object.keys(outerOf) as Reason[];

test('docs/reasons.md names every reason once, with the problem it becomes, and no other', () => {
  const documented = reasonRows.map(([, reason, , outer]) => [reason, outer]);
  const coded = reasons.map((reason) => [reason, outerOf[reason]]);
  const sorted = (rows: readonly (readonly (string | undefined)[])[]) => rows.map((row) => row.join(' ')).toSorted();
  assert.deepEqual(sorted(documented), sorted(coded));
});

test('docs/problems.md names every problem once, with status and title, and no other', () => {
  const documented = problemRows.map(([, code, status, title]) => `${code} ${status} ${title}`).toSorted();
  const coded = Object.values(outerProblems)
    .map(({ code, status, title }) => `${code} ${status} ${title}`)
    .toSorted();
  assert.deepEqual(documented, coded);
});

test('every outer problem is what some reason becomes, under its own name', () => {
  const used = new Set(Object.values(outerOf));
  for (const [name, { code }] of Object.entries(outerProblems)) {
    assert.equal(code, name);
    assert.ok(used.has(code as never), `${code} is never used`);
  }
});

test('a problem document is readable as one and keeps its inner reason to itself', () => {
  for (const reason of reasons) {
    const reply = problemBody(reason, {
      execution: 'unknown',
      instance: 'req-1',
      extra: { serverTimeMs: 5 },
      retryAfter: 3,
    });
    const text = Buffer.from(reply.body).toString();
    assert.ok(!text.includes(`"${reason}"`), reason);
    const parsed = parseJson(text);
    assert.ok(parsed.ok);
    const problem = readProblem(parsed.value);
    assert.ok(problem.ok, reason);
    assert.equal(problem.value.status, reply.status);
    assert.equal(problem.value.instance, 'req-1');
    assert.deepEqual(reply.headers.slice(-2), ['retry-after', '3']);
  }
});

test('what an attacker could tell apart looks the same: forged signature, forged seal, wrong digest, wrong components', () => {
  const bodies = (
    ['request.signature', 'request.seal', 'request.digest', 'request.components', 'request.keyid'] as const
  ).map((reason) => problemBody(reason, { execution: 'unknown', instance: 'x' }));
  for (const body of bodies) assert.deepEqual(body, bodies[0]);
});
