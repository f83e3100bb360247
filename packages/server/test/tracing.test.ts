/** OpenTelemetry: whole gateways that export over OTLP/HTTP to a collector in this file. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { registerHooks } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createLog } from '../src/gateway/log.ts';
import { openTracing } from '../src/observability/tracing.ts';
import { readTracing, telemetryVariables } from '../src/observability/tracing-settings.ts';
import { call, enrol, exchange, jsonOf, openSession, protect, send } from './channel-device.ts';
import { type EchoGateway, startEchoGateway } from './echo-gateway.ts';

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: number | string };
}

interface ExportedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly status: { readonly code?: number };
}

interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly ExportedSpan[] }[];
  }[];
}

/** A collector that keeps what it gets. */
class Collector {
  readonly server: Server;
  readonly bodies: { readonly type: string; readonly path: string; readonly bytes: Buffer }[] = [];
  constructor(answer = 200) {
    this.server = createServer((incoming, response) => {
      const pieces: Buffer[] = [];
      incoming.on('data', (piece: Buffer) => pieces.push(piece));
      incoming.on('end', () => {
        const { 'content-type': type = '' } = incoming.headers;
        this.bodies.push({ type, path: incoming.url ?? '', bytes: Buffer.concat(pieces) });
        response.writeHead(answer, { 'content-type': 'application/json' }).end('{}');
      });
    });
  }
  async open(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }
  async close(): Promise<void> {
    if (!this.server.listening) return;
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
  get exports(): readonly Export[] {
    return this.bodies.map(({ bytes }) => JSON.parse(bytes.toString()) as Export);
  }
  get spans(): readonly ExportedSpan[] {
    return this.exports.flatMap(({ resourceSpans }) =>
      resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
    );
  }
  /** The spans of a trace, once its request is among them. */
  async trace(traceId: string): Promise<readonly ExportedSpan[]> {
    for (;;) {
      const found = this.spans.filter((span) => span.traceId === traceId);
      if (found.some(({ kind }) => kind === kinds.server)) return found;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** Numbers of the kinds in OTLP. */
const kinds = { internal: 1, server: 2, client: 3 };

const attributesOf = ({ attributes }: { readonly attributes: readonly Attribute[] }): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue)]));

const routes = [
  { id: 'echo', path: '/api/echo/{item}' },
  { id: 'denied', path: '/api/denied', outcome: 'deny' },
  { id: 'open', path: '/open/{rest*}', protection: 'none' },
];
const strangeParent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const secret = 'zqSecretOfACustomer';

const variablesOf = (origin: string, more: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: origin,
  OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
  OTEL_BSP_SCHEDULE_DELAY: '20',
  ...more,
});

const open = new Set<EchoGateway>();
after(async () => {
  // What a failed test left; closing twice would fail.
  for (const gateway of open) await gateway.close();
});

const start = async (telemetry: Record<string, string>, more: object = {}): Promise<EchoGateway> => {
  const gateway = await startEchoGateway(
    { routes },
    () => ({ workers: 1, log: { access: 'file', level: 'error' }, ...more }),
    { telemetry },
  );
  open.add(gateway);
  return gateway;
};

const stop = (gateway: EchoGateway): Promise<void> => {
  open.delete(gateway);
  return gateway.close();
};

const sessionOf = async ({ running }: EchoGateway) =>
  openSession(running.url, running.trust(), await enrol(running.url, running.trust()));

describe('a gateway whose spans are collected', () => {
  const collector = new Collector();
  let gateway: EchoGateway;
  let origin = '';
  before(async () => {
    origin = await collector.open();
    gateway = await start(
      variablesOf(origin, { OTEL_SERVICE_NAME: 'front', OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=test' }),
    );
  });
  after(async () => {
    await stop(gateway);
    await collector.close();
  });

  test('a verified request: request, verify, decide, forward, reply; the upstream continues under the forwarding', async () => {
    const session = await sessionOf(gateway);
    const headers = { traceparent: strangeParent, tracestate: 'a=1', baggage: `customer=${secret}`, 'x-key': secret };
    const reply = await call(session, { url: `/api/echo/${secret}?q=1`, headers, body: JSON.stringify({ secret }) });
    assert.equal(reply.status, 200);
    const seen = gateway.seen.at(-1)?.headers ?? {};
    const [, traceId = '', parentId, flags] = (seen['traceparent'] as string | undefined)?.split('-') ?? [];
    assert.deepEqual([flags, seen['tracestate'], seen['baggage']], ['01', undefined, undefined]);
    assert.equal(String(seen['hauberk-verified-request']).slice(0, 32), traceId);

    const spans = await collector.trace(traceId);
    const request = spans.find(({ kind }) => kind === kinds.server);
    assert.ok(request !== undefined);
    assert.equal(request.parentSpanId ?? '', '');
    assert.equal(request.name, 'POST /api/echo/{item}');
    assert.deepEqual(
      request.links?.map((link) => [link.traceId, link.spanId]),
      [['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331']],
    );
    assert.deepEqual(attributesOf(request), {
      'http.request.method': 'POST',
      'http.response.status_code': 200,
      'http.route': '/api/echo/{item}',
      'hauberk.service': 'bank',
      'hauberk.route': 'echo',
      'hauberk.outcome': 'allow',
      'hauberk.reason': 'ok',
    });
    const phases = spans.filter((span) => span !== request);
    phases.sort((left, right) => Number(BigInt(left.startTimeUnixNano) - BigInt(right.startTimeUnixNano)));
    assert.deepEqual(
      phases.map(({ name }) => name),
      ['hauberk.verify', 'hauberk.decide', 'hauberk.forward', 'hauberk.reply'],
    );
    for (const [index, { parentSpanId, startTimeUnixNano, endTimeUnixNano }] of phases.entries()) {
      assert.equal(parentSpanId, request.spanId);
      assert.ok(BigInt(startTimeUnixNano) <= BigInt(endTimeUnixNano));
      const next = phases[index + 1];
      if (next !== undefined) assert.equal(endTimeUnixNano, next.startTimeUnixNano);
    }
    const forward = phases[2];
    assert.deepEqual([forward?.kind, forward?.spanId], [kinds.client, parentId]);
  });

  test('a refusal names its reason on the request and on the phase that refused, and its problem names the trace', async () => {
    const session = await sessionOf(gateway);
    const denied = await call(session, { url: '/api/denied', body: '{}' });
    const traceId = String(jsonOf(denied)['traceId']);
    assert.equal(jsonOf(denied)['instance'], `${traceId}-${String(jsonOf(denied)['instance']).slice(33)}`);
    const spans = await collector.trace(traceId);
    const reasons = Object.fromEntries(spans.map((span) => [span.name, attributesOf(span)['hauberk.reason']]));
    assert.deepEqual(reasons, {
      'POST /api/denied': 'outcome.deny',
      'hauberk.verify': undefined,
      'hauberk.decide': 'outcome.deny',
    });

    const message = await protect(session, { url: '/api/echo/x', body: '{}' });
    await exchange(session, message);
    const replayed = jsonOf(await send(gateway.running.url, message));
    const again = await collector.trace(String(replayed['traceId']));
    assert.equal(
      attributesOf(again.find(({ name }) => name === 'hauberk.verify') as ExportedSpan)['hauberk.reason'],
      'request.replayed',
    );
  });

  test('what the upstream did is told of the forwarding, as an error of the request', async () => {
    const upstreams = { core: { origin: 'http://127.0.0.1:9', factsKey: 'k'.repeat(32) } };
    const lost = await start(variablesOf(origin), { upstreams });
    const reply = jsonOf(await call(await sessionOf(lost), { url: '/api/echo/x', body: '{}' }));
    await stop(lost);
    const spans = await collector.trace(String(reply['traceId']));
    const forward = spans.find(({ name }) => name === 'hauberk.forward') as ExportedSpan;
    assert.equal(attributesOf(forward)['hauberk.reason'], 'upstream.unreachable');
    assert.deepEqual(
      spans.filter(({ status }) => status.code === 2).map(({ name }) => name),
      spans.map(({ name }) => name).filter((name) => name === 'hauberk.forward' || name.startsWith('POST')),
    );
  });

  test('log, exemplar and trace name one request alike', async () => {
    await send(gateway.running.url, { method: 'GET', url: '/open/a', headers: {} });
    const seen = String(gateway.seen.at(-1)?.headers['traceparent']).split('-')[1] ?? '';
    await collector.trace(seen);
    assert.match(await gateway.running.metrics('openmetrics'), new RegExp(`route="open".*trace_id="${seen}"`));
    const log = join(gateway.config.state, 'access.log');
    while (!readFileSync(log, 'utf8').includes(`"traceId":"${seen}"`))
      await new Promise((wait) => setTimeout(wait, 20));
  });

  test('the resource is what the variables say, and no span holds anything of a request but its route', () => {
    const [first] = collector.exports;
    const resource = attributesOf(first?.resourceSpans[0]?.resource ?? { attributes: [] });
    assert.equal(resource['service.name'], 'front');
    assert.equal(resource['service.version'], 'test');
    assert.equal(resource['deployment.environment'], 'test');
    const all = Buffer.concat(collector.bodies.map(({ bytes }) => bytes)).toString();
    assert.ok(!all.includes('zqSecret'));
    assert.ok(!all.includes('127.0.0.1'));
  });
});

describe('who decides about sampling', () => {
  const collector = new Collector();
  let origin = '';
  before(async () => {
    origin = await collector.open();
  });
  after(() => collector.close());

  const parent = (flags: string): string => `00-4bf92f3577b34da6a3ce929d0e0e47${flags}-00f067aa0ba902b7-${flags}`;
  const ask = async (gateway: EchoGateway, traceparent: string) => {
    const headers = { traceparent, tracestate: 'vendor=1', baggage: 'region=eu' };
    const reply = await send(gateway.running.url, { method: 'GET', url: '/open/a', headers });
    assert.equal(reply.status, 200, Buffer.from(reply.body).toString());
    return gateway.seen.at(-1)?.headers ?? {};
  };

  test('a trusted proxy: what it samples has spans under its own, what it does not has none, and both go on', async () => {
    const gateway = await start(variablesOf(origin), { listen: { port: 0, trustedProxies: ['127.0.0.1/32'] } });
    const unsampled = await ask(gateway, parent('00'));
    const sampled = await ask(gateway, parent('01'));
    await stop(gateway);
    assert.match(String(unsampled['traceparent']), /^00-4bf92f3577b34da6a3ce929d0e0e4700-[0-9a-f]{16}-00$/);
    assert.match(String(sampled['traceparent']), /^00-4bf92f3577b34da6a3ce929d0e0e4701-[0-9a-f]{16}-01$/);
    assert.deepEqual([sampled['tracestate'], sampled['baggage']], ['vendor=1', 'region=eu']);
    const spans = collector.spans.filter(({ traceId }) => traceId.startsWith('4bf92f3577b34da6'));
    assert.ok(spans.every(({ traceId }) => traceId.endsWith('01')));
    const request = spans.find(({ kind }) => kind === kinds.server);
    assert.deepEqual([request?.parentSpanId, request?.traceState], ['00f067aa0ba902b7', 'vendor=1']);
    const sent = String(sampled['traceparent']).split('-')[2];
    assert.equal(spans.find(({ kind }) => kind === kinds.client)?.spanId, sent);
  });

  test('always_off: no span leaves, no exemplar is shown, and every request has its ids all the same', async () => {
    const before = collector.bodies.length;
    const gateway = await start(variablesOf(origin, { OTEL_TRACES_SAMPLER: 'always_off' }));
    const seen = await ask(gateway, parent('01'));
    assert.match(String(seen['traceparent']), /^00-(?!4bf92f35)[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    assert.doesNotMatch(await gateway.running.metrics('openmetrics'), /trace_id/);
    await stop(gateway);
    assert.equal(collector.bodies.length, before);
  });

  test('a ratio is kept: of many requests some have spans and some have none, each as its trace id falls', async () => {
    const gateway = await start(
      variablesOf(origin, { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.5' }),
    );
    const flags = new Set<string>();
    for (let requests = 0; requests < 200 && flags.size < 2; requests += 1)
      flags.add(String((await ask(gateway, parent('01')))['traceparent']).slice(-2));
    await stop(gateway);
    assert.deepEqual([...flags].toSorted(), ['00', '01']);
  });
});

describe('the protocol', () => {
  test('is protobuf unless JSON is asked for, and the last spans are sent at a stop', async () => {
    const collector = new Collector();
    const { OTEL_EXPORTER_OTLP_PROTOCOL: _, ...variables } = variablesOf(await collector.open(), {
      OTEL_BSP_SCHEDULE_DELAY: '600000',
    });
    const gateway = await start(variables);
    await send(gateway.running.url, { method: 'GET', url: '/open/a', headers: {} });
    const traceId = String(gateway.seen.at(-1)?.headers['traceparent']).split('-')[1] ?? '';
    assert.equal(collector.bodies.length, 0);
    await stop(gateway);
    const [body] = collector.bodies;
    assert.deepEqual([body?.type, body?.path], ['application/x-protobuf', '/v1/traces']);
    assert.ok(body?.bytes.includes(Buffer.from(traceId, 'hex')));
    await collector.close();
  });
});

describe('what goes wrong with tracing harms no request', () => {
  test('a collector that refuses is told of, without its words', async () => {
    const collector = new Collector(400);
    const lines: string[] = [];
    const log = createLog('debug', (line) => lines.push(line));
    const tracing = await openTracing(variablesOf(await collector.open()), 'test', log);
    const trace = tracing.startTrace({}, false);
    trace.enter('forward');
    trace.end({ method: 'GET', status: 200, service: 's', route: 'r', pattern: '/r', reason: 'ok', outcome: 'allow' });
    while (lines.length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
    await tracing.close();
    await collector.close();
    const events = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(
      events.map(({ event, count }) => [event, count]),
      [
        ['tracing.on', undefined],
        ['tracing.export-failed', 1],
      ],
    );
  });

  test('missing packages are named by a coded warning, and requests are served with their ids', async () => {
    const hooks = registerHooks({
      resolve: (specifier, context, next) => {
        if (specifier.startsWith('@opentelemetry/'))
          throw Object.assign(new Error('not here'), { code: 'ERR_MODULE_NOT_FOUND' });
        return next(specifier, context);
      },
    });
    const lines: string[] = [];
    try {
      const log = createLog('debug', (line) => lines.push(line));
      const tracing = await openTracing(variablesOf('http://127.0.0.1:9'), 'test', log);
      assert.match(tracing.startTrace({}, false).id, /^[0-9a-f]{32}-[0-9a-f]{16}$/);
      await tracing.close();
    } finally {
      hooks.deregister();
    }
    const [line] = lines.map((text) => JSON.parse(text) as { event: string; error: { code: string } });
    assert.deepEqual([line?.event, line?.error.code], ['tracing.packages-missing', 'ERR_MODULE_NOT_FOUND']);
  });

  test('a variable that asks for what is not offered is named', async () => {
    for (const [name, value] of [
      ['OTEL_TRACES_EXPORTER', 'zipkin'],
      ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc'],
      ['OTEL_TRACES_SAMPLER', 'jaeger_remote'],
    ] as const) {
      const lines: string[] = [];
      await openTracing(
        { ...variablesOf('http://127.0.0.1:9'), [name]: value },
        'test',
        createLog('debug', (line) => lines.push(line)),
      );
      const [line] = lines.map((text) => JSON.parse(text) as { event: string; variable: string });
      assert.deepEqual([lines.length, line?.event, line?.variable], [1, 'tracing.refused', name]);
    }
  });
});

describe('the variables', () => {
  const on = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' };
  for (const [title, environment, kind] of [
    ['none at all', {}, 'off'],
    ['an empty one', { OTEL_TRACES_EXPORTER: ' ' }, 'off'],
    ['a name alone', { OTEL_SERVICE_NAME: 'x' }, 'off'],
    ['an endpoint', on, 'on'],
    ['an endpoint of traces', { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c' }, 'on'],
    ['an exporter', { OTEL_TRACES_EXPORTER: 'otlp' }, 'on'],
    ['none as exporter', { ...on, OTEL_TRACES_EXPORTER: 'none' }, 'off'],
    ['a disabled SDK', { ...on, OTEL_SDK_DISABLED: 'TRUE' }, 'off'],
    ['a sampler of no name', { ...on, OTEL_TRACES_SAMPLER: 'constructor' }, 'refused'],
    [
      'the protocol of traces before the common one',
      { ...on, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json' },
      'on',
    ],
  ] as const)
    test(`${title}: ${kind}`, () => assert.equal(readTracing(environment).kind, kind));

  test('the sampler follows a parent by default; a ratio that is none counts as 1; odd batch sizes count as absent', () => {
    const settings = (environment: Readonly<Record<string, string>>) => {
      const wish = readTracing({ ...on, ...environment });
      return wish.kind === 'on' ? wish.settings : undefined;
    };
    assert.deepEqual(settings({})?.sampler, { kind: 'always_on', isParentBased: true, ratio: 1 });
    const asked = { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.25' };
    assert.deepEqual(settings(asked)?.sampler, { kind: 'traceidratio', isParentBased: false, ratio: 0.25 });
    assert.equal(settings({ ...asked, OTEL_TRACES_SAMPLER_ARG: '-1' })?.sampler.ratio, 1);
    assert.deepEqual(settings({ OTEL_BSP_MAX_QUEUE_SIZE: '7', OTEL_BSP_SCHEDULE_DELAY: '0.5' })?.batch, {
      maxQueueSize: 7,
    });
  });

  test('nothing else of the environment reaches a worker', () => {
    assert.deepEqual(telemetryVariables({ PATH: '/bin', OTEL_A: '1', HAUBERK_MASTER_KEY: 'x', OTEL_B: undefined }), {
      OTEL_A: '1',
    });
  });
});
