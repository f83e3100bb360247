/** Every surface of mini-programs, against working fakes of the hosts' objects: watched, counted once, otherwise as before; stopped, and restored. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readAccessReport } from '@hauberk/privacy/client';
import { createMiniAspect, mySurfaces, type Surface, wxSurfaces } from '../src/privacy/mini.ts';
import { fakeHost, type MiniOptions } from './fake-mini-program.ts';
import { localDirectives } from './local-directives.ts';
import type { ToldReport } from './privacy-proof.ts';

const lifeCycle = ['onAppHide', 'onAppShow'];

const openHost = (surfaces: readonly Surface[]) => {
  const listening = surfaces.filter(({ answers }) => answers === 'listener').map(({ path }) => path);
  const others = surfaces.filter(({ answers }) => answers !== 'listener').map(({ path }) => path);
  return fakeHost(others, [...listening, ...lifeCycle]);
};

/** What a call came to: what it gave at once, and what was called back. */
const outcomeOf = async (
  host: Readonly<Record<string, (...input: readonly unknown[]) => unknown>>,
  surface: Surface,
) => {
  const native = host[surface.path] as (...input: readonly unknown[]) => unknown;
  const told: unknown[] = [];
  const note = (name: string) => (value: unknown) => told.push([name, value]);
  const options: MiniOptions = {
    url: 'https://api.example:8443/path?query',
    key: 'key',
    success: note('success'),
    fail: note('fail'),
    complete: note('complete'),
  };
  const isMini = surface.answers === 'mini';
  const argument = surface.answers === 'listener' ? note('event') : isMini ? options : 'key';
  let given: unknown;
  try {
    given = native.call(host, argument);
  } catch (error) {
    given = `throws ${(error as Error).message}`;
  }
  const promised = isMini
    ? await Promise.resolve(native.call(host, { url: options['url'], key: 'key' })).then(
        (value: unknown) => value,
        (error: unknown) => ({ rejected: error }),
      )
    : undefined;
  await new Promise((resolve) => {
    setTimeout(resolve, 5);
  });
  return { given: JSON.stringify(given), told, promised };
};

for (const [platform, surfaces] of [
  ['wx', wxSurfaces],
  ['my', mySurfaces],
] as const)
  describe(platform, () => {
    for (const surface of surfaces)
      it(surface.path, async () => {
        const plain = openHost(surfaces);
        const expected = await outcomeOf(plain.host, surface);
        const made = openHost(surfaces);
        const native = Object.getOwnPropertyDescriptor(made.host, surface.path);
        const reports: ToldReport[] = [];
        const directives = localDirectives();
        const aspect = createMiniAspect(made.host, platform, {
          directives,
          report: (kind, body) => void reports.push({ kind, body }),
          firstCalls: 100,
        });
        const slot = surfaces.indexOf(surface);
        const calls = (): number => aspect.status().surfaces[slot]?.calls ?? -1;
        assert.equal(aspect.status().surfaces[slot]?.state, 'watched');
        assert.equal(made.host[surface.path]?.name, surface.path);
        const rounds = surface.answers === 'mini' ? 2 : 1;
        for (const round of ['watched', 'empty', 'deny', 'after'] as const) {
          if (round === 'empty' || round === 'deny') {
            aspect.flush();
            const chains = reports.flatMap(({ kind, body }) => (kind === 'privacy.chain' ? [body['chain']] : []));
            const stops = chains.map((chain) => ({ chain, action: round, apis: [surface.api] }));
            directives.publish('privacy.stop', { id: 'stop', version: round === 'empty' ? 1 : 2, body: { stops } });
          }
          if (round === 'after') directives.publish('privacy.stop', undefined);
          const before = [calls(), made.calls.get(surface.path) ?? 0] as const;
          const outcome = await outcomeOf(made.host, surface);
          assert.equal(calls() - before[0], rounds, `${round}: counted once a call`);
          const isStopped = round === 'empty' || round === 'deny';
          assert.equal((made.calls.get(surface.path) ?? 0) - before[1], isStopped ? 0 : rounds, round);
          if (!isStopped) assert.deepEqual(outcome, expected);
          else if (surface.answers === 'mini') {
            const isDenied = round === 'deny' || surface.empty === '-';
            const [first, last] = outcome.told as [string, { errMsg: string }][];
            assert.deepEqual([first?.[0], last?.[0]], [isDenied ? 'fail' : 'success', 'complete']);
            assert.equal(first?.[1].errMsg, `${surface.path}:${isDenied ? 'fail auth deny' : 'ok'}`);
            if (surface.isExit) assert.notEqual(outcome.given, undefined);
            else assert.equal('rejected' in (outcome.promised as object), isDenied);
          } else if (surface.denial !== '=' && (round === 'deny' || surface.empty === '-'))
            assert.equal(outcome.given, JSON.stringify(`throws ${surface.path}:fail auth deny`));
          else assert.notDeepEqual(outcome, { ...expected, given: 'the native was called' });
        }
        aspect.flush();
        for (const { kind, body } of reports) assert.ok(readAccessReport(kind, 1, body).ok, kind);
        const rows = reports.flatMap(({ body }) => (body['accesses'] ?? []) as readonly { destination?: string }[]);
        assert.equal(
          rows.every(({ destination }) => destination === 'api.example:8443'),
          surface.isExit && surface.answers === 'mini',
        );
        assert.equal(aspect.status().faults, 0);
        aspect.off();
        assert.deepEqual(Object.getOwnPropertyDescriptor(made.host, surface.path), native);
      });
  });

it('the host says when the program is in front, and rows say so', () => {
  const made = openHost(wxSurfaces);
  const reports: ToldReport[] = [];
  const aspect = createMiniAspect(made.host, 'wx', { report: (kind, body) => void reports.push({ kind, body }) });
  made.host['getLocation']?.({ success: () => undefined });
  made.emit('onAppHide', {});
  made.host['getLocation']?.({ success: () => undefined });
  aspect.flush();
  const rows = reports.flatMap(
    ({ body }) => (body['accesses'] ?? []) as readonly { isForeground: boolean; api: string }[],
  );
  const seen = rows.filter(({ api }) => api === 'wx:getLocation').map(({ isForeground }) => isForeground);
  assert.deepEqual(new Set(seen), new Set([false, true]));
  aspect.off();
});

it('there are at least 60', () => {
  assert.ok(wxSurfaces.length >= 60 && mySurfaces.length >= 40);
});
