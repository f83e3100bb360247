/**
 * What a probe on a device tells the gateway: accesses, the frames of a chain on first sight, and proof that a directive took effect. These are
 * bodies of the channel's reports. Writer and reader are here together; both are strict, bounded and without a schema library, for the
 * SDK carries them. Nothing here has room for an argument or a result of the function that was called.
 */
import { accept, type JsonValue, type Result, refuse } from '@hauberk/primitives';
import { type ChainFrame, maxChainFrames, maxStackText } from './call-chain.ts';

/** Kinds of the reports, and the version of each that is written here. */
export const accessReportKinds = ['privacy.accesses', 'privacy.chain', 'privacy.effect'] as const;
/** A kind of report. */
export type AccessReportKind = (typeof accessReportKinds)[number];
/** The version of the bodies below. */
export const accessReportVersion = 1;

/** Where code ran that called a sensitive function. */
export const accessRealms = [
  'page',
  'frame',
  'srcdoc',
  'blob',
  'window',
  'worker',
  'shared-worker',
  'service-worker',
  'worklet',
  'mini-program',
  'react-native',
] as const;
/** A realm. */
export type AccessRealm = (typeof accessRealms)[number];

/** What became of the call: it went through, answered nothing, failed as the platform denies, or went through later. */
export const accessOutcomes = ['observed', 'emptied', 'denied', 'delayed'] as const;
/** What became of a call. */
export type AccessOutcome = (typeof accessOutcomes)[number];

/** Calls of one function by one chain, counted together. All instants are milliseconds since the epoch. */
export interface AccessRow {
  /** `platform:name` of a sensitive function. */
  readonly api: string;
  /** Id of the call chain; `unattributedChain` when the caller was not looked at. */
  readonly chain: string;
  /** `app`, or the SDK that the chain belongs to. */
  readonly owner: string;
  readonly scene: string;
  readonly isForeground: boolean;
  /** At least 1; of calls from `firstAtMs` to `lastAtMs`, which a single call has in common. */
  readonly count: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  readonly realm: AccessRealm;
  readonly outcome: AccessOutcome;
  /** Host, with a port when it is not the usual one, that the data went to; absent when that was not seen. */
  readonly destination?: string;
}

/** The frames behind a chain's id, told once. The receiver makes the id again, so that nobody can tell other frames of a chain. */
export interface ChainReport {
  readonly chain: string;
  readonly owner: string;
  readonly ownerVersion?: string;
  readonly frames: readonly ChainFrame[];
}

/** Proof that a directive is in force on this device. With `stopped` 0 both instants are when it came into force. */
export interface EffectReport {
  readonly directive: string;
  readonly version: number;
  readonly chain: string;
  readonly applied: true;
  /** Calls that it has kept from going through. */
  readonly stopped: number;
  readonly firstStoppedAtMs: number;
  readonly lastStoppedAtMs: number;
}

/** A report that was read. */
export type AccessReport =
  | { readonly kind: 'privacy.accesses'; readonly accesses: readonly AccessRow[] }
  | { readonly kind: 'privacy.chain'; readonly chain: ChainReport }
  | { readonly kind: 'privacy.effect'; readonly effect: EffectReport };

/** Why a body is refused. */
export type AccessReportCode =
  | 'access-report.kind'
  | 'access-report.version'
  | 'access-report.malformed'
  | 'access-report.too-many'
  | 'access-report.too-long';

/** Stands for a chain where a call was counted and its caller not looked at; its owner is `unknown`. */
export const unattributedChain = '0000000000000000';
/** Most rows of one `privacy.accesses`. */
export const maxAccessRows = 256;
/** Most calls that one row may count. */
export const maxAccessCount = 1_000_000_000;
/** Most characters of all frames of a `privacy.chain` together: a stack text has no more. */
export const maxFrameText: number = maxStackText;

type JsonObject = { readonly [name: string]: JsonValue };
type Check = (value: unknown) => boolean;

const matches =
  (form: RegExp, most: number): Check =>
  (value) =>
    typeof value === 'string' && value.length <= most && form.test(value);
const oneOf =
  (words: readonly string[]): Check =>
  (value) =>
    typeof value === 'string' && words.includes(value);
const countTo =
  (most: number, least = 0): Check =>
  (value) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most;

/** Exactly these members, each of its form; those behind a `?` may be absent. */
const hasShape = (value: unknown, members: Members): value is JsonObject => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const names = Object.keys(value);
  let found = 0;
  for (const [written, check] of Object.entries(members)) {
    const name = written.endsWith('?') ? written.slice(0, -1) : written;
    if (!Object.hasOwn(value, name)) {
      if (name === written) return false;
      continue;
    }
    if (!check((value as JsonObject)[name])) return false;
    found += 1;
  }
  return found === names.length;
};

/** Members of a row, of a frame by its kind, of a chain, of an effect. */
interface Shapes {
  readonly row: Members;
  readonly frame: Readonly<Record<string, Members>>;
  readonly chain: Members;
  readonly effect: Members;
}

type Members = Readonly<Record<string, Check>>;

const makeShapes = (): Shapes => {
  const isInstant: Check = countTo(8_640_000_000_000_000);
  const isChain = matches(/^[0-9a-f]{16}$/, 16);
  // Names of packages, hosts of scripts and words: nothing that a page or a terminal would take for more than text.
  const isOwner = matches(/^[A-Za-z0-9@][A-Za-z0-9@._:/-]*$/, 128);
  const isVersion = matches(/^[A-Za-z0-9][A-Za-z0-9.+_-]*$/, 64);
  const isApi = matches(/^[a-z][a-z-]{0,31}:[A-Za-z_$][A-Za-z0-9_$.]*$/, 128);
  const isScene = matches(/^[a-z][a-z0-9-]*$/, 64);
  const isHost = matches(/^(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[1-9][0-9]{0,4})?$/, 260);
  const isDirective = matches(/^[A-Za-z0-9][A-Za-z0-9._:/-]*$/, 128);
  // Frames are what strangers named. Control and direction characters would let a name pose as other text.
  const isFrameText = (least: number): Check => {
    const form = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]*$/u;
    return (value) => typeof value === 'string' && value.length >= least && value.length <= 4096 && form.test(value);
  };
  const row: Members = {
    api: isApi,
    chain: isChain,
    owner: isOwner,
    scene: isScene,
    isForeground: (value) => typeof value === 'boolean',
    count: countTo(maxAccessCount, 1),
    firstAtMs: isInstant,
    lastAtMs: isInstant,
    realm: oneOf(accessRealms),
    outcome: oneOf(accessOutcomes),
    'destination?': isHost,
  };
  const frame: Readonly<Record<string, Members>> = {
    js: {
      kind: oneOf(['js']),
      script: isFrameText(1),
      name: isFrameText(0),
      line: countTo(999_999_999),
      column: countTo(999_999_999),
    },
    dex: { kind: oneOf(['dex']), method: isFrameText(1), offset: countTo(2 ** 32 - 1) },
    macho: { kind: oneOf(['macho']), image: isFrameText(1), offset: countTo(Number.MAX_SAFE_INTEGER) },
  };
  const chain: Members = {
    chain: isChain,
    owner: isOwner,
    'ownerVersion?': isVersion,
    frames: (value) => Array.isArray(value) && value.length > 0 && value.every(isFrame),
  };
  const effect: Members = {
    directive: isDirective,
    version: countTo(Number.MAX_SAFE_INTEGER),
    chain: isChain,
    applied: (value) => value === true,
    stopped: countTo(Number.MAX_SAFE_INTEGER),
    firstStoppedAtMs: isInstant,
    lastStoppedAtMs: isInstant,
  };
  return { row, frame, chain, effect };
};

let made: Shapes | undefined;
/** Made when the first report is: a page that loads this has better things to do at its start. */
const shapes = (): Shapes => {
  made ??= makeShapes();
  return made;
};

/** Whether a row can be reported as it stands. */
export const isAccessRow = (value: unknown): value is AccessRow => {
  if (!hasShape(value, shapes().row)) return false;
  const { count, firstAtMs, lastAtMs } = value as unknown as AccessRow;
  // One call has one instant.
  return firstAtMs === lastAtMs || (firstAtMs < lastAtMs && count > 1);
};

const isFrame = (value: unknown): boolean => {
  const kind = typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined;
  const members = typeof kind === 'string' && Object.hasOwn(shapes().frame, kind) ? shapes().frame[kind] : undefined;
  return members !== undefined && hasShape(value, members);
};

const lengthOf = (frame: object): number => {
  let length = 0;
  for (const member of Object.values(frame)) if (typeof member === 'string') length += member.length;
  return length;
};

const listOf = (body: unknown, name: string): readonly unknown[] | undefined => {
  const value = typeof body === 'object' && body !== null ? (body as JsonObject)[name] : undefined;
  return Array.isArray(value) ? value : undefined;
};

const readAccesses = (body: unknown): Result<AccessReport, AccessReportCode> => {
  // Before any row is looked at, so that a flood costs nothing.
  if ((listOf(body, 'accesses')?.length ?? 0) > maxAccessRows) return refuse('access-report.too-many');
  const areRows: Check = (value) => Array.isArray(value) && value.length > 0 && value.every(isAccessRow);
  return hasShape(body, { accesses: areRows })
    ? accept({ kind: 'privacy.accesses', accesses: body['accesses'] as unknown as readonly AccessRow[] })
    : refuse('access-report.malformed');
};

const readChain = (body: unknown): Result<AccessReport, AccessReportCode> => {
  const frames = listOf(body, 'frames') ?? [];
  if (frames.length > maxChainFrames) return refuse('access-report.too-many');
  if (!hasShape(body, shapes().chain)) return refuse('access-report.malformed');
  const chain = body as unknown as ChainReport;
  const length = chain.frames.reduce((sum, frame) => sum + lengthOf(frame), 0);
  return length > maxFrameText ? refuse('access-report.too-long') : accept({ kind: 'privacy.chain', chain });
};

const readEffect = (body: unknown): Result<AccessReport, AccessReportCode> => {
  const isInOrder =
    hasShape(body, shapes().effect) && (body['firstStoppedAtMs'] as number) <= (body['lastStoppedAtMs'] as number);
  return isInOrder
    ? accept({ kind: 'privacy.effect', effect: body as unknown as EffectReport })
    : refuse('access-report.malformed');
};

const readers: Readonly<Record<AccessReportKind, (body: unknown) => Result<AccessReport, AccessReportCode>>> = {
  'privacy.accesses': readAccesses,
  'privacy.chain': readChain,
  'privacy.effect': readEffect,
};

/** Whether reports of this kind are read here. */
export const isAccessReportKind = (kind: string): kind is AccessReportKind => Object.hasOwn(readers, kind);

/** Reads the body of a report. Unknown members, forms and words refuse the whole body. */
export const readAccessReport = (
  kind: string,
  kindVersion: number,
  body: unknown,
): Result<AccessReport, AccessReportCode> => {
  if (!isAccessReportKind(kind)) return refuse('access-report.kind');
  return kindVersion === accessReportVersion ? readers[kind](body) : refuse('access-report.version');
};

const bodyOf = (report: AccessReport): unknown => {
  if (report.kind === 'privacy.accesses') return { accesses: report.accesses };
  return report.kind === 'privacy.chain' ? report.chain : report.effect;
};

/** The kind, version and body of a report, ready for the channel; refused when no reader would take it. */
export const writeAccessReport = (
  report: AccessReport,
): Result<
  { readonly kind: AccessReportKind; readonly kindVersion: number; readonly body: JsonObject },
  AccessReportCode
> => {
  const body = bodyOf(report);
  const read = readAccessReport(report.kind, accessReportVersion, body);
  if (!read.ok) return read;
  return accept({ kind: report.kind, kindVersion: accessReportVersion, body: body as JsonObject });
};
