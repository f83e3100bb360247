/** What a scrape looks like: both formats, judged by the reference parsers where they are installed, and which of the two is sent. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { epochMs } from '@hauberk/primitives';
import fc from 'fast-check';
import { DecisionFigures } from '../src/decision/decision-figures.ts';
import { createMetrics } from '../src/gateway/metrics.ts';
import { prometheusText } from '../src/gateway/prometheus.ts';
import { type ExpositionFormat, negotiate } from '../src/observability/exposition.ts';
import { measure, metricFamilies, type ProcessGauges } from '../src/observability/metric-families.ts';

const gauges: ProcessGauges = {
  version: '1.2.3 "quoted" \\ and\nbroken',
  workers: 2,
  workerRestarts: 1,
  uptimeSeconds: 5,
  residentBytes: 7,
  cpuSeconds: 0.25,
  configs: [{ service: 'bank', expiresAtMs: epochMs(1_700_000_000_000) }],
  reloads: 3,
  admin: {
    calls: [{ operation: 'listDevices', outcome: 'done', count: 3 }],
    approvals: [{ app: 'mobile', state: 'pending', count: 1 }],
  },
  refusedReloads: 4,
  privacy: {
    counts: {
      rows: 9,
      calls: 40,
      late: 1,
      folded: 2,
      unfound: 3,
      findings: 4,
      unreadable: 5,
      exceptions: { background: 6 },
    },
    behind: 7,
    answers: { answered: 1 },
  },
  sms: {
    links: [{ id: 'operator', kind: 'smpp', state: 'bound', outcomes: { taken: 3, 'sms.rate': 1 } }],
    waiting: 2,
    counts: { counted: 3, redelivered: 1, ignored: 0, declined: 0, 'parts-missing': 0, unreadable: 0 },
  },
  vmns: {
    sinceMs: epochMs(1_700_000_000_000),
    elsewhere: 2,
    vmns: Array.from({ length: 258 }, (_, index) => ({
      vmn: `+9190000${String(index * 7).padStart(5, '0')}`,
      outcomes: { counted: 1, redelivered: 0, 'wrong-vmn': 0, untrusted: 0, declined: 0, unknown: 0, refused: 0 },
      lastSeenMs: null,
      quietMs: 5000,
      isSilent: index === 0,
    })),
  },
};
const traceId = '0af7651916cd43dd8448eb211c80319c';

const scrape = (format: ExpositionFormat, trace = traceId): string => {
  const metrics = createMetrics();
  const base = { service: 'bank', route: 'login', reason: 'ok', status: 200, bytesIn: 1, bytesOut: 2 };
  for (const [index, milliseconds] of [0.5, 3, 3, 20_000].entries())
    metrics.finished({
      ...base,
      milliseconds,
      traceId: trace === '' ? undefined : trace,
      at: 1_700_000_000_000 + index,
    });
  metrics.refused('head.framing');
  metrics.endpoint('hello', 'ok');
  metrics.migrated('bank', 'login', 'sigv4');
  metrics.shed('background', 'overload.upstream');
  metrics.accessReport('ok');
  metrics.signalReport('ok');
  metrics.connectionOpened();
  const breakers = { 'upstream\ncore\nmoney': 1, 'storage\nwriter\n': 0 };
  const decisions = new DecisionFigures();
  const route = { service: 'bank', id: 'login' };
  decisions.judged(route, 'deny', 'decision.late', 3);
  decisions.touched(route, 'honey');
  decisions.refused(route, 'replayed');
  const judged = { ...metrics.snapshot(), breakers, decisions: decisions.snapshot() };
  return prometheusText([judged, createMetrics().snapshot()], gauges, format);
};

const python = '/usr/bin/python3';
const parsers = {
  text: 'prometheus_client.parser',
  openmetrics: 'prometheus_client.openmetrics.parser',
} as const;
/** Reads a scrape from standard input; one JSON line a family. */
const program = (module: string): string => `
import json, sys
from ${module} import text_string_to_metric_families as read
for family in read(sys.stdin.read()):
    print(json.dumps([family.name, family.type, family.unit, [
        [s.name, s.labels, s.value, s.exemplar and [s.exemplar.labels, s.exemplar.value, float(s.exemplar.timestamp)]]
        for s in family.samples]]))
`;
const skipped =
  spawnSync(python, ['-c', `import ${parsers.openmetrics}`]).status === 0
    ? false
    : 'python3-prometheus-client is not here';

type ParsedSample = [name: string, labels: Record<string, string>, value: number, exemplar: unknown];
type ParsedFamily = [name: string, type: string, unit: string, samples: ParsedSample[]];

const parsed = (format: ExpositionFormat, text: string): readonly ParsedFamily[] => {
  const { status, stdout, stderr } = spawnSync(python, ['-c', program(parsers[format])], {
    input: text,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as ParsedFamily);
};

describe('a scrape', () => {
  for (const format of ['text', 'openmetrics'] as const)
    test(`the reference parser reads the ${format} format: every family with its type`, { skip: skipped }, () => {
      const families = new Map(parsed(format, scrape(format)).map((family) => [family[0], family]));
      for (const { name, type, unit } of metricFamilies) {
        const family = families.get(name);
        assert.ok(family !== undefined, name);
        assert.equal(family[1], type, name);
        if (format === 'openmetrics') assert.equal(family[2], unit ?? '', name);
      }
      assert.equal(families.size, metricFamilies.length);
      assert.equal(families.get('hauberk_build_info')?.[3][0]?.[1]['version'], gauges.version);
    });

  test('OpenMetrics buckets carry the last request that fell into them', { skip: skipped }, () => {
    const families = parsed('openmetrics', scrape('openmetrics'));
    const buckets = families.find(([name]) => name === 'hauberk_request_duration_seconds')?.[3] ?? [];
    const shown = buckets.flatMap(([, labels, , exemplar]) => (exemplar === null ? [] : [[labels['le'], exemplar]]));
    assert.deepEqual(shown, [
      ['0.001', [{ trace_id: traceId }, 0.0005, 1_700_000_000]],
      ['0.005', [{ trace_id: traceId }, 0.003, 1_700_000_000.002]],
      ['+Inf', [{ trace_id: traceId }, 20, 1_700_000_000.003]],
    ]);
  });

  test('the text format has neither exemplars nor units nor an end mark, OpenMetrics all three', () => {
    assert.doesNotMatch(scrape('text'), /# UNIT|trace_id|# EOF/);
    const open = scrape('openmetrics');
    assert.match(open, /# UNIT hauberk_request_duration_seconds seconds\n/);
    assert.match(open, /# EOF\n$/);
    assert.match(open, new RegExp(`# \\{trace_id="${traceId}"\\}`));
  });

  test('a trace that nobody can look up is not named', () => {
    assert.doesNotMatch(scrape('openmetrics', ''), /trace_id/);
  });

  test('every family has samples here, so that none goes unread, and only the labels that it declares', () => {
    const metrics = createMetrics();
    metrics.finished({ service: 's', route: 'r', reason: 'ok', status: 200, milliseconds: 1, bytesIn: 0, bytesOut: 0 });
    metrics.refused('head.framing');
    metrics.endpoint('hello', 'ok');
    metrics.migrated('s', 'r', 'sigv4');
    metrics.shed('background', 'overload.upstream');
    metrics.accessReport('ok');
    metrics.signalReport('ok');
    const decisions = new DecisionFigures();
    const route = { service: 's', id: 'r' };
    decisions.judged(route, 'deny', 'decision.late', 3);
    decisions.touched(route, 'honey');
    decisions.refused(route, 'replayed');
    for (const { name, labels, samples } of measure({
      all: { ...metrics.snapshot(), breakers: { 'upstream\ncore\nmoney': 1 }, decisions: decisions.snapshot() },
      process: gauges,
    })) {
      assert.ok(samples.length > 0, name);
      for (const sample of samples)
        for (const label of Object.keys(sample.labels)) assert.ok(labels.includes(label), `${name} ${label}`);
    }
  });
});

describe('the format that is sent', () => {
  for (const [accept, format] of [
    [undefined, 'text'],
    ['', 'text'],
    ['*/*', 'text'],
    ['text/plain', 'text'],
    ['application/openmetrics-text', 'openmetrics'],
    [
      'application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
      'openmetrics',
    ],
    ['application/openmetrics-text; version=0.0.1, */*;q=0.1', 'text'],
    ['application/openmetrics-text;version=1.0.0;q=0.2,text/plain;q=0.9', 'text'],
    ['application/openmetrics-text;version=1.0.0;q=0', 'text'],
    ['application/openmetrics-text;version=1.0.0;q=7', 'text'],
    ['APPLICATION/OPENMETRICS-TEXT; VERSION=1.0.0', 'openmetrics'],
    [`application/openmetrics-text,${'x'.repeat(2048)}`, 'text'],
  ] as const)
    test(`${String(accept).slice(0, 60)} → ${format}`, () => assert.equal(negotiate(accept), format));

  test('any Accept has an answer', () => {
    fc.assert(fc.property(fc.string(), (accept) => ['text', 'openmetrics'].includes(negotiate(accept))));
  });
});
