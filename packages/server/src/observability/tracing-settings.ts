/**
 * The standard `OTEL_*` variables, as far as they concern traces. The exporter reads the rest of its own (endpoint, headers, timeout,
 * compression, certificates) by itself. Without any of them nothing is loaded and nothing is sent.
 */

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** How a span's fate is decided (`OTEL_TRACES_SAMPLER`). */
export interface SamplerSettings {
  readonly kind: 'always_on' | 'always_off' | 'traceidratio';
  /** Follows a trusted parent, and decides by `kind` only for roots. */
  readonly isParentBased: boolean;
  /** 0 to 1, for `traceidratio`. */
  readonly ratio: number;
}

/** What is exported, and how. */
export interface TracingSettings {
  readonly protocol: 'http/protobuf' | 'http/json';
  readonly sampler: SamplerSettings;
  /** `OTEL_BSP_*`; what is absent is the SDK's default. */
  readonly batch: {
    readonly scheduledDelayMillis?: number;
    readonly exportTimeoutMillis?: number;
    readonly maxQueueSize?: number;
    readonly maxExportBatchSize?: number;
  };
}

/** Variables that can refuse tracing; words of the log. */
export type RefusedVariable = 'OTEL_TRACES_EXPORTER' | 'OTEL_EXPORTER_OTLP_PROTOCOL' | 'OTEL_TRACES_SAMPLER';

/** What the environment asks for. */
export type TracingWish =
  | { readonly kind: 'off' }
  | { readonly kind: 'on'; readonly settings: TracingSettings }
  | { readonly kind: 'refused'; readonly variable: RefusedVariable };

/** Set and not empty: an empty variable counts as unset. */
const valueOf = (environment: Environment, name: string): string | undefined => {
  const text = environment[name]?.trim();
  return text === '' ? undefined : text;
};

const isWanted = (environment: Environment): boolean =>
  ['OTEL_TRACES_EXPORTER', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'].some(
    (name) => valueOf(environment, name) !== undefined,
  );

const samplers: Readonly<Record<string, Pick<SamplerSettings, 'kind' | 'isParentBased'>>> = {
  always_on: { kind: 'always_on', isParentBased: false },
  always_off: { kind: 'always_off', isParentBased: false },
  traceidratio: { kind: 'traceidratio', isParentBased: false },
  parentbased_always_on: { kind: 'always_on', isParentBased: true },
  parentbased_always_off: { kind: 'always_off', isParentBased: true },
  parentbased_traceidratio: { kind: 'traceidratio', isParentBased: true },
};

/** The specification takes 1 for an argument that is none. */
const ratioOf = (text: string | undefined): number => {
  const ratio = Number(text ?? '1');
  return ratio >= 0 && ratio <= 1 ? ratio : 1;
};

const samplerOf = (environment: Environment): SamplerSettings | undefined => {
  const name = valueOf(environment, 'OTEL_TRACES_SAMPLER') ?? 'parentbased_always_on';
  const found = Object.hasOwn(samplers, name) ? samplers[name] : undefined;
  return found === undefined
    ? undefined
    : { ...found, ratio: ratioOf(valueOf(environment, 'OTEL_TRACES_SAMPLER_ARG')) };
};

const batchNames = {
  scheduledDelayMillis: 'OTEL_BSP_SCHEDULE_DELAY',
  exportTimeoutMillis: 'OTEL_BSP_EXPORT_TIMEOUT',
  maxQueueSize: 'OTEL_BSP_MAX_QUEUE_SIZE',
  maxExportBatchSize: 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE',
} as const;

const batchOf = (environment: Environment): TracingSettings['batch'] =>
  Object.fromEntries(
    Object.entries(batchNames).flatMap(([member, variable]) => {
      const value = Number(valueOf(environment, variable) ?? Number.NaN);
      return Number.isInteger(value) && value > 0 && value <= 1_000_000 ? [[member, value]] : [];
    }),
  );

const protocolOf = (environment: Environment): string =>
  valueOf(environment, 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') ??
  valueOf(environment, 'OTEL_EXPORTER_OTLP_PROTOCOL') ??
  'http/protobuf';

/** Reads what is asked for. */
export const readTracing = (environment: Environment): TracingWish => {
  if (valueOf(environment, 'OTEL_SDK_DISABLED')?.toLowerCase() === 'true' || !isWanted(environment))
    return { kind: 'off' };
  const exporter = valueOf(environment, 'OTEL_TRACES_EXPORTER') ?? 'otlp';
  if (exporter === 'none') return { kind: 'off' };
  if (exporter !== 'otlp') return { kind: 'refused', variable: 'OTEL_TRACES_EXPORTER' };
  const protocol = protocolOf(environment);
  if (protocol !== 'http/protobuf' && protocol !== 'http/json')
    return { kind: 'refused', variable: 'OTEL_EXPORTER_OTLP_PROTOCOL' };
  const sampler = samplerOf(environment);
  if (sampler === undefined) return { kind: 'refused', variable: 'OTEL_TRACES_SAMPLER' };
  return { kind: 'on', settings: { protocol, sampler, batch: batchOf(environment) } };
};

/** The variables that concern OpenTelemetry: the only ones that a worker thread gets. */
export const telemetryVariables = (environment: Environment): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      name.startsWith('OTEL_') && value !== undefined ? [[name, value]] : [],
    ),
  );
