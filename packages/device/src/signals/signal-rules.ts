/**
 * Every registered signal with what both ends decide by: SDK and gateway carry this file. What a signal means, and to whom it is known by which
 * name, stands in the notes beside it (`signal-notes*.ts`), which only the gateway and the documents carry.
 */
import type { SceneTier, SignalForm, SignalGroup, SignalLayer, SignalOrigin } from './signal-words.ts';

/** Version of this table: a report names the one that its client was built with. */
export const signalPolicyVersion = 1;

/** w: page, n: native half, t: hardware evidence, s: gateway. */
type Letter = 'w' | 'n' | 't' | 's';
/** Minutes, hours or days. */
type Span = `${number}${'m' | 'h' | 'd'}`;
type Row = readonly [
  name: string,
  form: SignalForm,
  origin: SignalOrigin,
  layers: Letter | `${Letter}${Letter}` | `${Letter}${Letter}${Letter}`,
  tier: SceneTier,
  /** Data item of `@hauberk/privacy` that reading it touches. */
  item: string,
  /** How long it counts after it was observed. */
  ttl: Span,
  /** A client looks at most this often. */
  every: Span,
  /** Points of a device's score when hardware vouches for it: 0 tells and does not count. */
  points: number,
];

const rows = {
  root: [
    ['suBinary', 'flag', 'system-files', 'n', 'login', 'device-profile', '7d', '1h', 25],
    ['jailbreak', 'flag', 'system-files', 'n', 'login', 'device-profile', '7d', '1h', 25],
    ['magisk', 'flag', 'processes', 'n', 'login', 'device-profile', '7d', '1h', 30],
    ['kernelSu', 'flag', 'drivers', 'n', 'login', 'device-profile', '7d', '1h', 30],
    ['hiding', 'flag', 'processes', 'n', 'login', 'device-profile', '7d', '1h', 40],
    ['writableSystem', 'flag', 'system-files', 'n', 'login', 'device-profile', '7d', '1h', 20],
    ['selinuxPermissive', 'flag', 'configuration', 'n', 'login', 'device-profile', '7d', '1h', 20],
    ['bootloaderUnlocked', 'flag', 'tee', 'tn', 'launch', 'device-profile', '30d', '1d', 35],
    ['bootUnverified', 'flag', 'tee', 'tn', 'launch', 'device-profile', '30d', '1d', 35],
  ],
  hook: [
    ['frida', 'flag', 'processes', 'n', 'launch', 'device-profile', '1d', '10m', 60],
    ['xposed', 'flag', 'processes', 'n', 'launch', 'device-profile', '1d', '10m', 50],
    ['substrate', 'flag', 'processes', 'n', 'launch', 'device-profile', '1d', '10m', 50],
    ['injectedLibrary', 'flag', 'processes', 'n', 'launch', 'device-profile', '1d', '10m', 45],
    ['inlineHook', 'flag', 'processes', 'n', 'login', 'device-profile', '1d', '10m', 50],
    ['codeMismatch', 'flag', 'processes', 'n', 'login', 'device-profile', '1d', '10m', 50],
    ['memoryScan', 'flag', 'processes', 'n', 'bind', 'device-profile', '1d', '10m', 40],
    ['nativeToString', 'flag', 'web', 'w', 'launch', 'device-profile', '1d', '10m', 30],
    ['descriptor', 'flag', 'web', 'w', 'launch', 'device-profile', '1d', '10m', 30],
    ['prototype', 'flag', 'web', 'w', 'launch', 'device-profile', '1d', '10m', 30],
    ['getterTrap', 'flag', 'web', 'w', 'launch', 'device-profile', '1d', '10m', 30],
    ['realmDisagrees', 'flag', 'web', 'w', 'login', 'device-profile', '1d', '10m', 35],
    ['workerDisagrees', 'flag', 'web', 'w', 'login', 'device-profile', '1d', '10m', 35],
    ['mediaPatched', 'flag', 'web', 'w', 'login', 'device-profile', '1d', '10m', 40],
    ['networkPatched', 'flag', 'web', 'w', 'login', 'device-profile', '1d', '10m', 5],
  ],
  emulator: [
    ['known', 'flag', 'configuration', 'n', 'launch', 'device-profile', '7d', '1h', 45],
    ['drivers', 'flag', 'drivers', 'n', 'login', 'device-profile', '7d', '1h', 45],
    ['cloudPhone', 'flag', 'configuration', 'n', 'login', 'device-profile', '7d', '1h', 45],
    ['developmentBoard', 'flag', 'drivers', 'n', 'login', 'device-profile', '7d', '1h', 35],
    ['softwareGpu', 'flag', 'web', 'wn', 'login', 'rendering-profile', '7d', '1h', 25],
    ['oddHardware', 'flag', 'web', 'wn', 'login', 'device-profile', '7d', '1h', 15],
    ['sensorsSilent', 'flag', 'drivers', 'wn', 'login', 'motion-sensor', '1d', '1h', 15],
    ['softwareKeys', 'flag', 'tee', 't', 'launch', 'device-profile', '30d', '1d', 20],
  ],
  debugger: [
    ['attached', 'flag', 'processes', 'n', 'launch', 'device-profile', '1d', '5m', 45],
    ['traced', 'flag', 'processes', 'n', 'launch', 'device-profile', '1d', '5m', 45],
    ['timing', 'flag', 'web', 'w', 'login', 'device-profile', '1h', '5m', 10],
    ['developerTools', 'flag', 'web', 'w', 'login', 'device-profile', '1h', '5m', 5],
    ['developerMode', 'flag', 'configuration', 'n', 'login', 'device-profile', '1d', '1h', 5],
    ['adb', 'flag', 'configuration', 'n', 'login', 'device-profile', '1d', '1h', 10],
    ['adbOverNetwork', 'flag', 'configuration', 'n', 'login', 'device-profile', '1d', '1h', 20],
  ],
  repackaging: [
    ['signer', 'flag', 'tee', 'tn', 'launch', 'device-profile', '30d', '1d', 60],
    ['package', 'flag', 'tee', 'tn', 'launch', 'device-profile', '30d', '1d', 60],
    ['installer', 'flag', 'applications', 'n', 'launch', 'device-profile', '30d', '1d', 15],
    ['oldVersion', 'flag', 'tee', 'tns', 'launch', 'device-profile', '7d', '1d', 10],
    ['debugBuild', 'flag', 'tee', 'tn', 'launch', 'device-profile', '7d', '1d', 35],
    ['codeDigest', 'flag', 'applications', 'n', 'launch', 'device-profile', '7d', '1d', 50],
    ['pageDigest', 'flag', 'web', 'w', 'launch', 'device-profile', '1d', '1h', 30],
    ['withoutApp', 'flag', 'server', 's', 'launch', 'network-address', '1d', '1m', 40],
  ],
  host: [
    ['container', 'flag', 'processes', 'n', 'launch', 'device-profile', '7d', '1h', 50],
    ['foreignPath', 'flag', 'storage', 'n', 'launch', 'device-profile', '7d', '1h', 45],
    ['foreignUid', 'flag', 'processes', 'n', 'launch', 'device-profile', '7d', '1h', 45],
    ['foreignFrame', 'flag', 'web', 'w', 'launch', 'device-profile', '1h', '10m', 20],
    ['foreignWebView', 'flag', 'web', 'w', 'launch', 'device-profile', '1d', '10m', 15],
  ],
  rom: [
    ['custom', 'flag', 'configuration', 'n', 'login', 'device-profile', '30d', '1d', 15],
    ['testKeys', 'flag', 'configuration', 'n', 'login', 'device-profile', '30d', '1d', 20],
    ['selfSigned', 'flag', 'tee', 'tn', 'launch', 'device-profile', '30d', '1d', 25],
    ['oldPatch', 'flag', 'tee', 'tn', 'launch', 'device-profile', '30d', '1d', 5],
    ['lowBootCount', 'flag', 'configuration', 'n', 'bind', 'device-profile', '7d', '1d', 10],
    ['freshReset', 'flag', 'configuration', 'n', 'bind', 'device-profile', '7d', '1d', 15],
  ],
  screen: [
    ['recorded', 'flag', 'processes', 'n', 'login', 'device-profile', '10m', '1m', 25],
    ['mirrored', 'flag', 'drivers', 'n', 'login', 'device-profile', '10m', '1m', 30],
    ['shared', 'flag', 'processes', 'n', 'login', 'device-profile', '10m', '1m', 45],
    ['remoteControl', 'flag', 'processes', 'n', 'login', 'device-profile', '10m', '1m', 60],
    ['overlay', 'flag', 'processes', 'n', 'login', 'device-profile', '10m', '1m', 35],
    ['screenshot', 'flag', 'configuration', 'n', 'login', 'device-profile', '10m', '1m', 5],
    ['displayCapturePatched', 'flag', 'web', 'w', 'login', 'device-profile', '1d', '10m', 30],
    ['pictureInPicture', 'flag', 'web', 'w', 'pay', 'device-profile', '10m', '1m', 10],
    ['oddVisibility', 'flag', 'web', 'w', 'login', 'device-profile', '10m', '1m', 10],
    ['remoteRhythm', 'flag', 'server', 's', 'pay', 'device-profile', '1h', '1m', 20],
  ],
  accessibility: [
    ['unknownService', 'flag', 'configuration', 'n', 'login', 'device-profile', '1h', '5m', 30],
    ['injectedTouch', 'flag', 'processes', 'n', 'login', 'device-profile', '1h', '1m', 40],
    ['pressureless', 'flag', 'web', 'wn', 'login', 'device-profile', '1h', '1m', 15],
    ['evenKeys', 'flag', 'web', 'wn', 'login', 'device-profile', '1h', '1m', 20],
    ['autoClicker', 'flag', 'processes', 'n', 'login', 'device-profile', '1h', '5m', 30],
    ['pastedAmount', 'flag', 'web', 'wn', 'pay', 'device-profile', '10m', '1m', 5],
    ['pastedPayee', 'flag', 'web', 'wn', 'pay', 'device-profile', '10m', '1m', 5],
    ['untrustedEvent', 'flag', 'web', 'w', 'login', 'device-profile', '1h', '1m', 30],
  ],
  network: [
    ['vpn', 'flag', 'configuration', 'n', 'login', 'network-address', '1h', '5m', 5],
    ['proxy', 'flag', 'configuration', 'n', 'login', 'network-address', '1h', '5m', 15],
    ['pinFailed', 'flag', 'processes', 'n', 'launch', 'network-address', '1d', '1m', 45],
    ['userCertificates', 'flag', 'configuration', 'n', 'login', 'network-address', '1d', '1h', 10],
    ['unsafeWifi', 'flag', 'configuration', 'n', 'login', 'network-address', '1h', '10m', 5],
    ['nameMismatch', 'flag', 'configuration', 'n', 'login', 'network-address', '1h', '10m', 30],
    ['hosting', 'flag', 'server', 's', 'launch', 'network-address', '1h', '1m', 25],
    ['tor', 'flag', 'server', 's', 'launch', 'network-address', '1h', '1m', 30],
    ['knownVpn', 'flag', 'server', 's', 'launch', 'network-address', '1h', '1m', 10],
    ['headerOrder', 'flag', 'server', 's', 'launch', 'network-address', '1d', '1m', 20],
    ['zoneMismatch', 'flag', 'server', 's', 'launch', 'network-address', '1d', '1m', 15],
  ],
  instance: [
    ['systemClone', 'flag', 'storage', 'n', 'login', 'device-profile', '7d', '1h', 10],
    ['appClone', 'flag', 'storage', 'n', 'login', 'device-profile', '7d', '1h', 35],
    ['workProfile', 'flag', 'configuration', 'n', 'login', 'device-profile', '7d', '1h', 0],
    ['sandboxPath', 'flag', 'storage', 'n', 'login', 'device-profile', '7d', '1h', 30],
    ['manyInstalls', 'flag', 'server', 's', 'launch', 'installation-id', '7d', '1m', 35],
  ],
  automation: [
    ['webdriver', 'flag', 'web', 'w', 'launch', 'device-profile', '1d', '10m', 50],
    ['devtoolsProtocol', 'flag', 'web', 'w', 'launch', 'device-profile', '1d', '10m', 30],
    ['playwright', 'flag', 'web', 'w', 'launch', 'device-profile', '1d', '10m', 50],
    ['puppeteer', 'flag', 'web', 'w', 'launch', 'device-profile', '1d', '10m', 50],
    ['selenium', 'flag', 'web', 'w', 'launch', 'device-profile', '1d', '10m', 50],
    ['headless', 'flag', 'web', 'ws', 'launch', 'device-profile', '1d', '10m', 40],
    ['missingPlugins', 'flag', 'web', 'w', 'launch', 'device-profile', '1d', '10m', 10],
    ['permissionInconsistent', 'flag', 'web', 'w', 'launch', 'device-profile', '1d', '10m', 25],
    ['stealthResidue', 'flag', 'web', 'w', 'launch', 'device-profile', '1d', '10m', 40],
    ['hintsDisagree', 'flag', 'web', 'ws', 'launch', 'device-profile', '1d', '10m', 25],
    ['testHarness', 'flag', 'processes', 'n', 'login', 'device-profile', '1d', '1h', 35],
  ],
  place: [
    ['mockLocation', 'flag', 'configuration', 'n', 'bind', 'coarse-location', '1h', '5m', 35],
    ['jump', 'flag', 'configuration', 'n', 'bind', 'coarse-location', '1h', '5m', 25],
    ['impossibleTravel', 'flag', 'server', 's', 'launch', 'network-address', '1d', '1m', 30],
    ['clockSkew', 'flag', 'web', 'wns', 'launch', 'device-profile', '1h', '10m', 10],
    ['clockStepped', 'flag', 'web', 'wn', 'launch', 'device-profile', '1h', '10m', 15],
    ['zoneChanged', 'flag', 'web', 'wn', 'launch', 'device-profile', '1d', '1h', 5],
    ['zoneOffset', 'bucket', 'web', 'wn', 'launch', 'device-profile', '1d', '1h', 0],
    ['zoneOdd', 'flag', 'web', 'w', 'launch', 'device-profile', '1d', '1h', 15],
  ],
  camera: [
    ['virtual', 'flag', 'drivers', 'wn', 'bind', 'media-device-list', '1d', '1h', 45],
    ['constraintsOdd', 'flag', 'drivers', 'wn', 'bind', 'media-device-list', '1d', '1h', 20],
    ['mediaApiHooked', 'flag', 'processes', 'wn', 'bind', 'device-profile', '1d', '1h', 45],
    ['injectedStream', 'flag', 'processes', 'n', 'bind', 'device-profile', '1h', '1m', 55],
  ],
  telephony: [
    ['noSim', 'flag', 'configuration', 'n', 'bind', 'device-profile', '1d', '1h', 10],
    ['simChanged', 'flag', 'configuration', 'ns', 'bind', 'device-profile', '7d', '1h', 25],
    ['airplaneMode', 'flag', 'configuration', 'n', 'bind', 'device-profile', '1h', '5m', 5],
    ['smsAppChanged', 'flag', 'configuration', 'n', 'bind', 'device-profile', '7d', '1d', 25],
    ['callForwarding', 'flag', 'configuration', 'n', 'bind', 'device-profile', '1d', '1h', 30],
    ['callInProgress', 'flag', 'processes', 'n', 'pay', 'device-profile', '10m', '1m', 25],
    ['carrierMismatch', 'flag', 'configuration', 'n', 'bind', 'device-profile', '1d', '1h', 10],
  ],
  farm: [
    ['poweredAlwaysOn', 'flag', 'drivers', 'n', 'login', 'battery', '7d', '1d', 25],
    ['noLock', 'flag', 'configuration', 'n', 'login', 'device-profile', '7d', '1d', 10],
    ['still', 'flag', 'drivers', 'wn', 'login', 'motion-sensor', '1d', '1h', 15],
    ['batteryBucket', 'bucket', 'drivers', 'n', 'login', 'battery', '1d', '1h', 0],
    ['brightnessBucket', 'bucket', 'configuration', 'n', 'login', 'device-profile', '1d', '1h', 0],
    ['installOrder', 'flag', 'applications', 'n', 'login', 'device-profile', '7d', '1d', 10],
    ['sharedEvidence', 'flag', 'server', 's', 'launch', 'network-address', '7d', '1m', 40],
    ['synchronous', 'flag', 'server', 's', 'launch', 'network-address', '7d', '1m', 40],
    ['simChurn', 'flag', 'server', 's', 'bind', 'device-profile', '30d', '1m', 35],
    ['provisionedOften', 'flag', 'tee', 't', 'launch', 'device-profile', '30d', '1d', 30],
  ],
  identity: [
    ['idTampered', 'flag', 'storage', 'ns', 'launch', 'installation-id', '7d', '1h', 40],
    ['idCollides', 'flag', 'server', 's', 'launch', 'installation-id', '7d', '1m', 30],
    ['storageWiped', 'flag', 'storage', 'wn', 'launch', 'installation-id', '1d', '1h', 10],
    ['incognito', 'flag', 'web', 'w', 'login', 'device-profile', '1h', '10m', 5],
    ['impossibleModel', 'flag', 'configuration', 'wns', 'login', 'device-profile', '7d', '1h', 35],
    ['agentSpoofed', 'flag', 'web', 'ws', 'launch', 'device-profile', '1d', '10m', 25],
    ['canvasNoise', 'flag', 'web', 'w', 'login', 'rendering-profile', '1d', '1h', 10],
    ['audioNoise', 'flag', 'web', 'w', 'login', 'rendering-profile', '1d', '1h', 10],
    ['localeOdd', 'flag', 'web', 'w', 'launch', 'device-profile', '1d', '1h', 5],
    ['coresBucket', 'bucket', 'web', 'w', 'launch', 'device-profile', '7d', '1d', 0],
    ['memoryBucket', 'bucket', 'web', 'w', 'launch', 'device-profile', '7d', '1d', 0],
    ['screenBucket', 'bucket', 'web', 'w', 'launch', 'device-profile', '7d', '1d', 0],
    ['clonedKey', 'flag', 'server', 's', 'launch', 'installation-id', '7d', '1m', 60],
  ],
  malware: [
    ['knownPackage', 'flag', 'applications', 'n', 'login', 'device-profile', '1d', '1h', 60],
    ['knownCertificate', 'flag', 'applications', 'n', 'login', 'device-profile', '1d', '1h', 60],
    ['riskyPermissions', 'flag', 'applications', 'n', 'bind', 'device-profile', '1d', '1d', 25],
    ['sideloaded', 'flag', 'configuration', 'n', 'login', 'device-profile', '1d', '1d', 5],
  ],
  behaviour: [
    ['dormantAwake', 'flag', 'server', 's', 'launch', 'installation-id', '1d', '1m', 20],
    ['thresholdProbe', 'flag', 'server', 's', 'pay', 'transaction', '7d', '1m', 30],
    ['trapTouched', 'flag', 'server', 's', 'launch', 'network-address', '30d', '1m', 60],
    ['newEverything', 'flag', 'server', 's', 'pay', 'transaction', '1h', '1m', 25],
    ['tooFast', 'flag', 'server', 's', 'launch', 'network-address', '1h', '1m', 20],
  ],
  client: [
    ['silent', 'flag', 'server', 's', 'launch', 'device-profile', '1d', '1m', 20],
    ['canaryMissing', 'flag', 'server', 's', 'launch', 'device-profile', '1d', '1m', 50],
    ['canaryForged', 'flag', 'server', 's', 'launch', 'device-profile', '1d', '1m', 50],
    ['nonceForged', 'flag', 'server', 's', 'launch', 'device-profile', '1d', '1m', 40],
    ['nonceStale', 'flag', 'server', 's', 'launch', 'device-profile', '1d', '1m', 10],
    ['counterStale', 'flag', 'server', 's', 'launch', 'device-profile', '1d', '1m', 40],
    ['counterGap', 'flag', 'server', 's', 'launch', 'device-profile', '1d', '1m', 5],
    ['chainBroken', 'flag', 'server', 's', 'launch', 'device-profile', '1d', '1m', 40],
    ['checksMissing', 'flag', 'server', 's', 'launch', 'device-profile', '1d', '1m', 25],
    ['unregistered', 'flag', 'server', 's', 'launch', 'device-profile', '1d', '1m', 15],
    ['webNativeDisagree', 'flag', 'server', 's', 'launch', 'device-profile', '1d', '1m', 35],
    ['nativeTeeDisagree', 'flag', 'server', 's', 'launch', 'device-profile', '1d', '1m', 45],
  ],
} as const;

/** The code of a signal. */
export type SignalCode = { [Group in SignalGroup]: `${Group}.${(typeof rows)[Group][number][0]}` }[SignalGroup];

/** What both ends decide by. */
export interface SignalRule {
  readonly code: SignalCode;
  /** Place in the table; stands for the code where memory is dear. Never written down. */
  readonly index: number;
  readonly group: SignalGroup;
  readonly form: SignalForm;
  readonly origin: SignalOrigin;
  readonly layers: readonly SignalLayer[];
  readonly tier: SceneTier;
  readonly item: string;
  /** In milliseconds. */
  readonly ttlMs: number;
  /** Shortest time between two looks, in milliseconds. */
  readonly everyMs: number;
  readonly points: number;
}

const layerOf: Readonly<Record<Letter, SignalLayer>> = { w: 'web', n: 'native', t: 'tee', s: 'server' };
const unitMs = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const msOf = (span: Span): number => Number.parseInt(span, 10) * unitMs[span.slice(-1) as keyof typeof unitMs];

const ruleOf = (group: SignalGroup, row: Row, index: number): SignalRule => {
  const [name, form, origin, letters, tier, item, ttl, every, points] = row;
  return {
    code: `${group}.${name}` as SignalCode,
    index,
    group,
    form,
    origin,
    layers: letters.split('').map((letter) => layerOf[letter as Letter]),
    tier,
    item,
    ttlMs: msOf(ttl),
    everyMs: msOf(every),
    points,
  };
};

/** All of them, in the order of their places. */
export const signalRules: readonly SignalRule[] = Object.entries(rows)
  .flatMap(([group, list]) => list.map((row) => [group as SignalGroup, row] as const))
  .map(([group, row], index) => ruleOf(group, row, index));

const byCode: ReadonlyMap<string, SignalRule> = new Map(signalRules.map((rule) => [rule.code, rule]));

/** The rule of a code; undefined for what nobody registered. */
export const signalRuleOf = (code: string): SignalRule | undefined => byCode.get(code);

/** Whether a text names a registered signal. */
export const isSignalCode = (code: string): code is SignalCode => byCode.has(code);
