/**
 * OpenTelemetry, when the standard variables ask for it. Its packages are optional: they are loaded here and nowhere else, and where they
 * are missing the log says which and the gateway serves on without spans.
 */
import type { DiagLogger } from '@opentelemetry/api';
import type { Sampler, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Log } from '../gateway/log.ts';
import { type StartTrace, startPlainTrace } from './trace-context.ts';
import { startTraced } from './traced-request.ts';
import { readTracing, type SamplerSettings, type TracingSettings } from './tracing-settings.ts';

/** The traces of one thread. */
export interface Tracing {
  readonly startTrace: StartTrace;
  /** Sends what is collected, as long as that takes little; never rejects. */
  readonly close: () => Promise<void>;
}

const plain: Tracing = { startTrace: startPlainTrace, close: () => Promise.resolve() };

/** A collector that does not answer must not hold up a stop. */
const closeMs = 3000;
/** Failed exports are told at most this often. */
const tellEveryMs = 60_000;

const load = async () => {
  const [api, sdk, resources] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/resources'),
  ]);
  return { api, sdk, resources };
};

type Loaded = Awaited<ReturnType<typeof load>>;

const loadExporter = async (protocol: TracingSettings['protocol']) => {
  const { OTLPTraceExporter } =
    protocol === 'http/json'
      ? await import('@opentelemetry/exporter-trace-otlp-http')
      : await import('@opentelemetry/exporter-trace-otlp-proto');
  return new OTLPTraceExporter();
};

const samplerOf = ({ sdk }: Loaded, { kind, ratio, isParentBased }: SamplerSettings): Sampler => {
  const makers = {
    always_on: () => new sdk.AlwaysOnSampler(),
    always_off: () => new sdk.AlwaysOffSampler(),
    traceidratio: () => new sdk.TraceIdRatioBasedSampler(ratio),
  };
  const root = makers[kind]();
  return isParentBased ? new sdk.ParentBasedSampler({ root }) : root;
};

const openProvider = async (loaded: Loaded, settings: TracingSettings, version: string): Promise<TracerProvider> => {
  const { sdk, resources } = loaded;
  const exporter = await loadExporter(settings.protocol);
  const own = resources.resourceFromAttributes({ 'service.name': 'hauberk', 'service.version': version });
  const given = resources.detectResources({
    detectors: [resources.resourceAttributesEnvDetector, resources.serviceNameEnvDetector],
  });
  return new sdk.TracerProvider({
    sampler: samplerOf(loaded, settings.sampler),
    resource: resources.defaultResource().merge(own).merge(given),
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter, ...settings.batch })],
  });
};

/** What the SDK complains of is counted; its words may quote an endpoint with a password and stay out. */
const complaints = (log: Log): DiagLogger => {
  let count = 0;
  let toldAt = Number.NEGATIVE_INFINITY;
  const error = (): void => {
    count += 1;
    if (performance.now() - toldAt < tellEveryMs) return;
    toldAt = performance.now();
    log.warn('tracing.export-failed', { count });
    count = 0;
  };
  const quiet = (): void => undefined;
  return { error, warn: quiet, info: quiet, debug: quiet, verbose: quiet };
};

const open = async (settings: TracingSettings, version: string, log: Log): Promise<Tracing> => {
  const loaded = await load();
  const { api } = loaded;
  const diagnosis = complaints(log);
  api.diag.setLogger(diagnosis, { logLevel: api.DiagLogLevel.ERROR, suppressOverrideMessage: true });
  const provider = await openProvider(loaded, settings, version);
  const root = api.ROOT_CONTEXT;
  const startTrace = startTraced({
    tracer: provider.getTracer('hauberk', version),
    root,
    withParent: ({ traceId, spanId, flags }, state) =>
      api.trace.setSpanContext(root, {
        traceId,
        spanId,
        traceFlags: flags,
        isRemote: true,
        ...(state === undefined ? {} : { traceState: state }),
      }),
    under: (span) => api.trace.setSpan(root, span),
    readState: (text) => api.createTraceState(text),
    kinds: { server: api.SpanKind.SERVER, client: api.SpanKind.CLIENT, internal: api.SpanKind.INTERNAL },
    failed: api.SpanStatusCode.ERROR,
  });
  const close = async (): Promise<void> => {
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, closeMs);
    await Promise.race([provider.shutdown().catch(() => diagnosis.error('shutdown')), late.promise]);
    clearTimeout(timer);
  };
  log.debug('tracing.on');
  return { startTrace, close };
};

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';

/** Opens what the variables ask for. The exporter reads its own from the environment of the thread, which therefore gets them. */
export const openTracing = async (
  variables: Readonly<Record<string, string>>,
  version: string,
  log: Log,
): Promise<Tracing> => {
  const wish = readTracing(variables);
  if (wish.kind === 'off') return plain;
  if (wish.kind === 'refused') {
    log.warn('tracing.refused', { variable: wish.variable });
    return plain;
  }
  Object.assign(process.env, variables);
  try {
    return await open(wish.settings, version, log);
  } catch (error) {
    if (isMissing(error)) log.warn('tracing.packages-missing', { error });
    else log.error('tracing.failed', { error });
    return plain;
  }
};
