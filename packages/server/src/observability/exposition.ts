/**
 * The two formats of a scrape: the Prometheus text (0.0.4) and OpenMetrics 1.0, which also carries units and exemplars. Which one is sent
 * is for the scraper to say (`Accept`).
 */

/** Points from a measurement to one request that was counted in it. */
export interface Exemplar {
  readonly traceId: string;
  readonly seconds: number;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** One number of a family. */
export interface Sample {
  /** `_bucket`, `_sum` and `_count` of a histogram; empty otherwise. */
  readonly suffix?: '_bucket' | '_sum' | '_count';
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly exemplar?: Exemplar | undefined;
}

/** What a family is, whatever it counts at the moment. */
export interface FamilyFacts {
  /** Without the `_total` of a counter. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** Last part of the name, when it has a unit. */
  readonly unit?: 'seconds' | 'bytes';
  readonly help: string;
  /** Names of its labels. */
  readonly labels: readonly string[];
}

/** A family with its numbers. */
export interface Family extends FamilyFacts {
  readonly samples: readonly Sample[];
}

/** A format that a scraper may ask for. */
export type ExpositionFormat = 'text' | 'openmetrics';

/** `Content-Type` of each format. */
export const expositionType: Readonly<Record<ExpositionFormat, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** Backslash, quote and newline are escaped, as both formats ask. */
const quoted = (value: string): string =>
  `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;

/** OpenMetrics writes whole bounds as floats (section "Canonical Numbers"). */
const boundOf = (text: string, format: ExpositionFormat): string =>
  format === 'openmetrics' && /^\d+$/.test(text) ? `${text}.0` : text;

const labelsOf = (labels: Sample['labels'], format: ExpositionFormat): string => {
  const list = Object.entries(labels).map(
    ([name, value]) => `${name}=${quoted(name === 'le' ? boundOf(value, format) : value)}`,
  );
  return list.length === 0 ? '' : `{${list.join(',')}}`;
};

const exemplarOf = ({ traceId, seconds, at }: Exemplar): string =>
  ` # {trace_id=${quoted(traceId)}} ${seconds} ${(at / 1000).toFixed(3)}`;

/** The name under which a family's samples stand. */
export const sampleName = ({ name, type }: Pick<FamilyFacts, 'name' | 'type'>): string =>
  type === 'counter' ? `${name}_total` : name;

const sampleLine = (family: FamilyFacts, sample: Sample, format: ExpositionFormat): string => {
  const head = `${sampleName(family)}${sample.suffix ?? ''}${labelsOf(sample.labels, format)} ${sample.value}`;
  const exemplar = format === 'openmetrics' && sample.exemplar !== undefined ? exemplarOf(sample.exemplar) : '';
  return `${head}${exemplar}\n`;
};

const familyText = (family: Family, format: ExpositionFormat): string => {
  if (family.samples.length === 0) return '';
  const name = format === 'openmetrics' ? family.name : sampleName(family);
  const unit = format === 'openmetrics' && family.unit !== undefined ? `# UNIT ${name} ${family.unit}\n` : '';
  const lines = family.samples.map((sample) => sampleLine(family, sample, format)).join('');
  return `# HELP ${name} ${family.help}\n# TYPE ${name} ${family.type}\n${unit}${lines}`;
};

/** Writes a scrape. */
export const exposition = (families: readonly Family[], format: ExpositionFormat): string =>
  families.map((family) => familyText(family, format)).join('') + (format === 'openmetrics' ? '# EOF\n' : '');

interface MediaRange {
  readonly type: string;
  readonly version: string | undefined;
  readonly quality: number;
}

const readRange = (text: string): MediaRange => {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const valueOf = (name: string): string | undefined =>
    parameters.find((parameter) => parameter.startsWith(`${name}=`))?.slice(name.length + 1);
  const quality = Number(valueOf('q') ?? '1');
  return { type, version: valueOf('version'), quality: quality >= 0 && quality <= 1 ? quality : 0 };
};

const best = (ranges: readonly MediaRange[]): number => Math.max(0, ...ranges.map(({ quality }) => quality));

/** Longest `Accept` that is read; of a longer one the default is sent. */
const acceptCap = 2048;

/** The format of an answer: OpenMetrics only for who asks for its version 1.0.0 at least as much as for text. */
export const negotiate = (accept: string | undefined): ExpositionFormat => {
  if (accept === undefined || accept.length > acceptCap) return 'text';
  const ranges = accept.split(',').map(readRange);
  const open = best(
    ranges.filter(({ type, version }) => type === 'application/openmetrics-text' && (version ?? '1.0.0') === '1.0.0'),
  );
  const text = best(ranges.filter(({ type }) => type === 'text/plain'));
  return open > 0 && open >= text ? 'openmetrics' : 'text';
};
