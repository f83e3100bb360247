/** Counters and their Prometheus text; the meter that asks hellos for a nonce. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { epochMs } from '@hauberk/primitives';
import fc from 'fast-check';
import { createLog } from '../src/gateway/log.ts';
import { createMetrics, type FinishedRequest, latencyBounds } from '../src/gateway/metrics.ts';
import { joinSnapshots, prometheusText } from '../src/gateway/prometheus.ts';
import { helloMeter } from '../src/gateway/worker-parts.ts';

const gauges = {
  version: '1.2.3',
  workers: 2,
  workerRestarts: 1,
  uptimeSeconds: 5,
  residentBytes: 7,
  cpuSeconds: 8,
  configs: [{ service: 'bank', expiresAtMs: epochMs(1_700_000_000_000) }],
  reloads: 3,
  refusedReloads: 4,
};

const finished = (members: Partial<FinishedRequest> = {}): FinishedRequest => ({
  service: 'bank',
  route: 'login',
  reason: 'ok',
  status: 200,
  milliseconds: 3,
  bytesIn: 10,
  bytesOut: 20,
  ...members,
});

/** Samples by their name with labels. */
const samplesOf = (text: string): ReadonlyMap<string, number> =>
  new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );

describe('Prometheus text', () => {
  test('counts threads together, by route, reason and class of status', () => {
    const [one, two] = [createMetrics(), createMetrics()];
    one.finished(finished());
    two.finished(finished({ status: 204 }));
    two.finished(finished({ status: 403, reason: 'request.seal' }));
    const samples = samplesOf(prometheusText([one.snapshot(), two.snapshot()], gauges));
    const labels = 'service="bank",route="login"';
    assert.equal(samples.get(`hauberk_requests_total{${labels},reason="ok"}`), 2);
    assert.equal(samples.get(`hauberk_requests_total{${labels},reason="request.seal"}`), 1);
    assert.equal(samples.get(`hauberk_replies_total{${labels},status="2xx"}`), 2);
    assert.equal(samples.get(`hauberk_replies_total{${labels},status="4xx"}`), 1);
    assert.equal(samples.get(`hauberk_body_bytes_total{${labels},direction="in"}`), 30);
    assert.equal(samples.get('hauberk_config_reloads_total{result="refused"}'), 4);
  });

  test('latency buckets rise, end in the count, and their sum is in seconds', () => {
    const metrics = createMetrics();
    const times = [0.5, 1, 1.5, 20_000];
    for (const milliseconds of times) metrics.finished(finished({ milliseconds }));
    const samples = samplesOf(prometheusText([metrics.snapshot()], gauges));
    const name = 'hauberk_request_duration_seconds';
    const labels = 'service="bank",route="login"';
    const buckets = [...latencyBounds.map((bound) => String(bound / 1000)), '+Inf'].map((le) =>
      samples.get(`${name}_bucket{${labels},le="${le}"}`),
    );
    assert.deepEqual(buckets.slice(0, 2), [2, 3]);
    assert.equal(buckets.at(-2), 3);
    assert.equal(buckets.at(-1), 4);
    assert.equal(samples.get(`${name}_count{${labels}}`), 4);
    assert.ok(Math.abs((samples.get(`${name}_sum{${labels}}`) ?? 0) - 20.003) < 1e-9);
  });

  test('every line is a comment or a sample, whatever a route is called', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (service, route) => {
        const metrics = createMetrics();
        metrics.finished(finished({ service, route }));
        metrics.endpoint('hello', 'ok');
        metrics.refused('head.framing');
        for (const line of prometheusText([metrics.snapshot()], gauges).trimEnd().split('\n'))
          assert.match(
            line,
            /^(?:# (?:HELP|TYPE) [a-z_]+ .+|[a-z_]+(?:\{(?:[a-z]+="(?:[^"\\\n]|\\["\\n])*",?)*\})? -?[0-9.e+-]+)$/su,
          );
      }),
      { numRuns: 200 },
    );
  });

  test('each family is declared once', () => {
    const [one, two] = [createMetrics(), createMetrics()];
    one.finished(finished());
    two.finished(finished({ route: 'other' }));
    const declared = [...prometheusText([one.snapshot(), two.snapshot()], gauges).matchAll(/^# TYPE (\S+)/gm)].map(
      ([, name]) => name,
    );
    assert.equal(new Set(declared).size, declared.length);
  });
});

describe('snapshots', () => {
  test('joining adds, and joining nothing is nothing', () => {
    const metrics = createMetrics();
    metrics.connectionOpened();
    metrics.connectionOpened();
    metrics.connectionClosed();
    metrics.refused('limit.connections');
    const joined = joinSnapshots([metrics.snapshot(), metrics.snapshot()]);
    assert.deepEqual([joined.connections, joined.openConnections, joined.refusals['limit.connections']], [4, 2, 2]);
    assert.deepEqual(joinSnapshots([]).routes, []);
  });

  test('crosses threads as plain data', () => {
    const metrics = createMetrics();
    metrics.finished(finished());
    const snapshot = metrics.snapshot();
    assert.deepEqual(structuredClone(snapshot), snapshot);
  });
});

describe('hello meter', () => {
  test('says load above the rate, in the present second and in the one after a busy one', () => {
    const meter = helloMeter(3);
    const busy = [1, 2, 3, 4].map(() => meter(epochMs(10_000)));
    assert.deepEqual(busy, [false, false, false, true]);
    assert.equal(meter(epochMs(11_000)), true);
    assert.equal(meter(epochMs(12_000)), false);
  });

  test('a pause ends the load', () => {
    const meter = helloMeter(1);
    meter(epochMs(1000));
    assert.equal(meter(epochMs(1000)), true);
    assert.equal(meter(epochMs(9000)), false);
  });
});

describe('log', () => {
  test('one JSON line an event from its level upwards, faults with their cause', () => {
    const lines: string[] = [];
    const log = createLog(
      'warn',
      (line) => lines.push(line),
      () => new Date(0),
    );
    log.info('config.reloaded');
    log.error('worker.fault', { error: new Error('outer', { cause: new TypeError('inner') }), index: 1 });
    assert.equal(lines.length, 1);
    const event = JSON.parse(lines[0] ?? '') as { at: string; error: { cause: { name: string } }; index: number };
    assert.deepEqual([event.at, event.error.cause.name, event.index], ['1970-01-01T00:00:00.000Z', 'TypeError', 1]);
  });
});
