/**
 * What only the gateway can see in a report: that it is not the next one, answers another question, leaves checks out, or tells what the other
 * voices deny. Each comes out as a signal of its own; nothing here refuses a report, for a liar who is refused learns.
 */
import {
  expectedCanary,
  type SignalCode,
  type SignalReport,
  type SignalRule,
  type Succession,
  signalRuleOf,
} from '@hauberk/device';
import type { Bytes } from '@hauberk/primitives';

/** What a report is held against. */
export interface ReportGround {
  readonly succession: Succession;
  /** Of the nonce; undefined when nobody here made it. */
  readonly challenge: { readonly issuedAtMs: number; readonly canary: string } | undefined;
  readonly eventAtMs: number;
  readonly nonceLifeMs: number;
  /** Checks that every report must name. */
  readonly checks: readonly string[];
  /** `AttestedFacts` in their text form; empty when nothing was attested. */
  readonly attested: string;
  readonly sha256: (input: Uint8Array) => Bytes;
}

/** What hardware said, out of its text form. */
export const attestedWords = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text.split(';').flatMap((entry) => {
      const at = entry.indexOf('=');
      return at < 0 ? [] : [[entry.slice(0, at), entry.slice(at + 1)] as const];
    }),
  );

/** The signals that attested facts are. */
export const teeSignals = (attested: string): readonly SignalCode[] => {
  const words = attestedWords(attested);
  const boot = words.get('boot');
  const isPhone = ['android', 'ios', 'harmony'].includes(words.get('platform') ?? '');
  const found: readonly (readonly [SignalCode, boolean])[] = [
    ['root.bootloaderUnlocked', words.get('locked') === 'false'],
    ['root.bootUnverified', boot === 'unverified' || boot === 'failed'],
    ['rom.selfSigned', boot === 'self-signed'],
    ['repackaging.debugBuild', words.get('environment') === 'development'],
    ['emulator.softwareKeys', isPhone && words.get('level') === 'software'],
  ];
  return found.flatMap(([code, is]) => (is ? [code] : []));
};

const canarySignal = (report: SignalReport, { challenge, sha256 }: ReportGround): SignalCode | undefined => {
  if (challenge === undefined || expectedCanary(sha256, report, challenge.canary) === report.canary) return undefined;
  return report.canary === '' ? 'client.canaryMissing' : 'client.canaryForged';
};

const nonceSignal = (report: SignalReport, ground: ReportGround): SignalCode | undefined => {
  const { challenge, eventAtMs, nonceLifeMs } = ground;
  // Only the first report of an installation can know no nonce.
  if (report.nonce === '') return report.counter === 1 ? undefined : 'client.nonceStale';
  if (challenge === undefined) return 'client.nonceForged';
  return eventAtMs - challenge.issuedAtMs > nonceLifeMs ? 'client.nonceStale' : undefined;
};

const successionSignals: Readonly<Record<Succession, SignalCode | undefined>> = {
  first: undefined,
  next: undefined,
  same: undefined,
  gap: 'client.counterGap',
  stale: 'client.counterStale',
  broken: 'client.chainBroken',
};

const isMissingChecks = ({ ran, skipped, signals }: SignalReport, checks: readonly string[]): boolean => {
  const told = new Set([...ran, ...skipped.map(({ code }) => code)]);
  return checks.some((code) => !told.has(code)) || signals.some(({ code }) => !told.has(code));
};

/** A page inside an app is no browser that somebody drives; and page and app are in one place. */
const isWebNativeDisagreement = ({ signals, ran }: SignalReport): boolean => {
  const native = new Map(
    signals.filter(({ source }) => source === 'native').map(({ code, value }) => [code, value] as const),
  );
  const runsNatively = native.size > 0 || ran.some((code) => isNativeOnly(signalRuleOf(code)));
  return signals.some(({ code, value, source }) => {
    if (source !== 'web') return false;
    if (runsNatively && desktopOnly.has(code)) return true;
    const other = native.get(code);
    return other !== undefined && other !== value;
  });
};

const desktopOnly: ReadonlySet<string> = new Set([
  'automation.headless',
  'automation.playwright',
  'automation.puppeteer',
  'automation.selenium',
]);
const isNativeOnly = (rule: SignalRule | undefined): boolean =>
  rule !== undefined && rule.layers.includes('native') && !rule.layers.includes('web');

/** Hardware says what the native half looked for and did not find. */
const isNativeTeeDisagreement = ({ signals, ran }: SignalReport, attested: string): boolean =>
  teeSignals(attested).some((code) => {
    const told = signals.find((signal) => signal.code === code && signal.source === 'native');
    return ran.includes(code) && (told === undefined || told.value === false);
  });

/** The signals that a report is, beside those that it tells. */
export const judgeSignalReport = (report: SignalReport, ground: ReportGround): readonly SignalCode[] => {
  const found: readonly (SignalCode | undefined)[] = [
    nonceSignal(report, ground),
    canarySignal(report, ground),
    successionSignals[ground.succession],
    isMissingChecks(report, ground.checks) ? 'client.checksMissing' : undefined,
    report.signals.some(({ code }) => signalRuleOf(code) === undefined) ? 'client.unregistered' : undefined,
    isWebNativeDisagreement(report) ? 'client.webNativeDisagree' : undefined,
    isNativeTeeDisagreement(report, ground.attested) ? 'client.nativeTeeDisagree' : undefined,
  ];
  return found.flatMap((code) => code ?? []);
};
