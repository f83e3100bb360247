/** A device asks for a token: every check before one exists, and everything that is taken when one is given. */
import {
  type AttemptEvent,
  type BindingAttempt,
  type BindingCode,
  type BindingRequest,
  blocked,
  chooseVmn,
  counted,
  drawToken,
  emptyTally,
  findTransition,
  isAttested,
  isStaleList,
  type Msisdn,
  readMsisdn,
  type ServerInstant,
  type Step,
  smsText,
  vmnRandomBytes,
} from '@hauberk/binding';
import {
  accept,
  days,
  type EpochMs,
  epochMs,
  type Refusal,
  type Result,
  refuse,
  toBase64Url,
} from '@hauberk/primitives';
import type { StorageRefusal } from '../storage/storage-refusal.ts';
import type { ServiceParts } from './binding-service.ts';
import { type Block, type BlockSubject, blockKey, type RowKey, type RowPut } from './binding-store.ts';
import { type Decided, type LoadedRows, transact } from './binding-transaction.ts';
import { approvalHash, subscriptionHash } from './bound-device.ts';
import { auditOf, lockKeys, planStep, remembered } from './step-rows.ts';
import { defaultTrailLife, noteOf, trailBegins, trailKey } from './trail-rows.ts';

/** What a device asks for. The shell has verified the device's key and read the rest from its signed request. */
export type TokenAsk = Omit<BindingRequest, 'number' | 'registered' | 'isFactorReplayed' | 'facts'> & {
  /** What names the SIM's subscription, as the phone says it. */
  readonly subscription?: string | undefined;
  /** The number that the customer declares. */
  readonly number: string;
};

/** What the device gets. */
export interface IssuedToken {
  readonly attempt: string;
  /** Where to send the text; both empty for a way without SMS. */
  readonly vmn: Msisdn;
  readonly text: string;
  readonly expiresInMs: number;
  /** The bound phone's user types these words. */
  readonly words?: string;
  /** The passkey signs this; base64url. */
  readonly challenge?: string;
}

/** Why no token was given. */
export type TokenRefusal = Result<IssuedToken, BindingCode | StorageRefusal>;

interface Drawn {
  readonly id: string;
  readonly token: string;
  readonly hash: string;
  readonly vmnRandom: ReturnType<ServiceParts['secrets']['random']>;
  readonly words: string;
  readonly challenge: string;
  readonly subscription: string | undefined;
}

/** Without letters and digits that look like others: 32 signs, of which eight make 40 bits for three tries. */
const wordSigns = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';
const drawWords = ({ secrets }: ServiceParts): string => {
  const signs = Array.from(secrets.random(8), (octet) => wordSigns[octet % wordSigns.length] ?? '');
  return `${signs.slice(0, 4).join('')}-${signs.slice(4).join('')}`;
};

const draw = (parts: ServiceParts, { subscription }: TokenAsk): Drawn => {
  const { secrets } = parts;
  const token = drawToken((length) => secrets.random(length));
  return {
    id: toBase64Url(secrets.random(16)),
    token,
    hash: secrets.hash('token', token),
    vmnRandom: secrets.random(vmnRandomBytes),
    words: drawWords(parts),
    challenge: toBase64Url(secrets.random(32)),
    subscription: subscription === undefined ? undefined : subscriptionHash(parts, subscription),
  };
};

const tallyKeys = ({ device }: Pick<BindingRequest, 'device'>): readonly RowKey<'tally'>[] => [
  { kind: 'tally', id: `device ${device.id}` },
  { kind: 'tally', id: `key ${device.key}` },
  { kind: 'tally', id: `print ${device.fingerprint}` },
];

/** What a request names that can be blocked. */
const blockable = ({ device, profile, number }: Pick<BindingRequest, 'device' | 'profile' | 'number'>) =>
  [
    ['device', device.id],
    ['key', device.key],
    ['fingerprint', device.fingerprint],
    ['profile', profile],
    ['number', number],
  ] as const satisfies readonly (readonly [BlockSubject, string])[];

const blockKeys = (request: BindingRequest): readonly RowKey<'block'>[] =>
  blockable(request).map(([subject, value]) => blockKey({ source: 'operator', subject, value }));

const operatorBlocks = (request: BindingRequest, rows: LoadedRows): readonly Block[] =>
  blockKeys(request).flatMap(({ id }) => rows.find('block', id) ?? []);

const profileTally = ({ profile }: Pick<BindingRequest, 'profile'>): RowKey<'tally'> => ({
  kind: 'tally',
  id: `profile ${profile}`,
});

/** The bank's factors are fresh by themselves; this stops the same one from serving twice. */
const usedFactor = (now: EpochMs): EpochMs => epochMs(now + days(30));

const factorUse = (parts: ServiceParts, { profile, factor }: Pick<BindingRequest, 'profile' | 'factor'>): string =>
  parts.secrets.hash('factor', `${profile}\u0000${factor?.use ?? ''}`);

const readRows =
  (request: BindingRequest, factor: string) =>
  async (load: (keys: readonly RowKey[]) => Promise<LoadedRows>): Promise<LoadedRows> => {
    const locks = lockKeys(request);
    const first = await load([
      ...tallyKeys(request),
      ...blockKeys(request),
      profileTally(request),
      ...locks,
      { kind: 'factor', id: factor },
      { kind: 'vmn', id: request.device.id },
      { kind: 'binding', id: request.profile },
    ]);
    // The device's own open attempts, which this one supersedes.
    const own = new Set(locks.flatMap(({ id }) => first.find('lock', id)?.attempt ?? []));
    const attempts = await load([...own].flatMap((id) => [{ kind: 'attempt', id } as const, trailKey(id)]));
    return load(
      [...own].flatMap((id) => {
        const attempt = attempts.find('attempt', id);
        return attempt === undefined
          ? []
          : lockKeys(attempt).filter(({ id: lock }) => !locks.some((each) => each.id === lock));
      }),
    );
  };

const openLocks = (request: BindingRequest, rows: LoadedRows, now: ServerInstant) =>
  lockKeys(request).flatMap(({ id }) => {
    const lock = rows.find('lock', id);
    return lock !== undefined && lock.fence === now.fence && lock.untilMs > now.wallMs ? [lock] : [];
  });

/** What a way needs beside the attempt itself. */
const wayOf = (
  parts: ServiceParts,
  { way, device }: BindingRequest,
  drawn: Drawn,
  rows: LoadedRows,
): Pick<BindingAttempt, 'way' | 'vmn' | 'approval' | 'challenge'> => {
  if (way === undefined || way === 'sms')
    return { vmn: chooseVmn(parts.pool, rows.find('vmn', device.id)?.number, drawn.vmnRandom) };
  if (way === 'passkey') return { way, vmn: '', challenge: drawn.challenge };
  const approval = { hash: approvalHash(parts, drawn.id, drawn.words), tries: 0 };
  return way === 'bound-device' ? { way, vmn: '', approval } : { way, vmn: '' };
};

const newAttempt = (
  parts: ServiceParts,
  request: BindingRequest,
  drawn: Drawn,
  rows: LoadedRows,
  now: ServerInstant,
): BindingAttempt => {
  const { device } = request;
  const { subscription } = drawn;
  return {
    ...wayOf(parts, request, drawn, rows),
    id: drawn.id,
    state: 'issued',
    platform: device.platform,
    profile: request.profile,
    number: request.number,
    device: { id: device.id, key: device.key, fingerprint: device.fingerprint },
    carrier: request.carrier,
    slot: request.slot,
    ...(subscription === undefined ? {} : { subscription }),
    issuedAt: now,
    replaces: request.replaces,
    // Without the guard nobody asks, so what it would have shown is taken as shown.
    proofs: isAttested(device) || parts.without?.has('attestation') === true ? ['attestation'] : [],
    sentItem: 'unasked',
    polls: 0,
  };
};

const issuedPuts = (
  { policy }: ServiceParts,
  request: BindingRequest,
  attempt: BindingAttempt,
  { hash, factor }: { readonly hash: string; readonly factor: string },
  rows: LoadedRows,
  now: ServerInstant,
): readonly RowPut[] => {
  const expiresAtMs = remembered(now.wallMs);
  const count = ({ id }: RowKey<'tally'>, span: typeof policy.blockFor): RowPut => ({
    kind: 'tally',
    id,
    value: counted(rows.find('tally', id) ?? emptyTally, span, now.wallMs),
    expiresAtMs,
  });
  const { id, device, vmn } = attempt;
  const lock = {
    attempt: id,
    key: device.key,
    untilMs: (now.wallMs + policy.timer) as typeof now.wallMs,
    fence: now.fence,
  };
  return [
    { kind: 'attempt', id, value: attempt, expiresAtMs },
    // A way without SMS has no token that one could carry.
    ...(vmn === '' ? [] : [{ kind: 'token', id: hash, value: { attempt: id }, expiresAtMs } as const]),
    ...tallyKeys(request).map((key) => count(key, policy.blockFor)),
    count(profileTally(request), policy.attemptsSpan),
    ...lockKeys(request).map((key): RowPut => ({ ...key, value: lock, expiresAtMs })),
    ...(request.factor === undefined
      ? []
      : [{ kind: 'factor', id: factor, value: { attempt: id }, expiresAtMs: usedFactor(now.wallMs) } satisfies RowPut]),
    ...(vmn === '' ? [] : [{ kind: 'vmn', id: device.id, value: { number: vmn }, expiresAtMs } as const]),
  ];
};

/** B09, counted and listed for operators. */
const blockPuts = (
  parts: ServiceParts,
  request: BindingRequest,
  rows: LoadedRows,
  now: ServerInstant,
): readonly RowPut[] => {
  const tallies = tallyKeys(request).map(({ kind, id }) => {
    const value = blocked(rows.find('tally', id) ?? emptyTally, parts.policy, now.wallMs);
    return { kind, id, value, expiresAtMs: value.blockedUntilMs };
  });
  const untilMs = epochMs(Math.max(...tallies.map(({ expiresAtMs }) => expiresAtMs)));
  const listed = blockable(request).flatMap(([subject, value]): readonly RowPut[] => {
    if (subject === 'profile' || subject === 'number') return [];
    const block = {
      source: 'rule',
      subject,
      value,
      by: 'B09',
      reason: 'too many tokens',
      atMs: now.wallMs,
      untilMs,
    } as const;
    return [{ ...blockKey(block), value: block, expiresAtMs: untilMs }];
  });
  return [...tallies, ...listed];
};

/** The device's own open attempts end with the new one. */
const supersede = (parts: ServiceParts, request: BindingRequest, rows: LoadedRows, now: ServerInstant) => {
  const ids = new Set(openLocks(request, rows, now).map(({ attempt }) => attempt));
  const event: AttemptEvent = { kind: 'superseded' };
  return [...ids].flatMap((id) => {
    const attempt = rows.find('attempt', id);
    const planned = attempt?.profile === request.profile ? planStep(attempt, event, parts, rows, now) : undefined;
    return planned?.ok === true ? [planned.value] : [];
  });
};

type Answer = Result<{ readonly attempt: BindingAttempt }, BindingCode>;

const decideIssue = (
  parts: ServiceParts,
  request: BindingRequest,
  drawn: Drawn,
  factor: string,
  step: Step,
  rows: LoadedRows,
  now: ServerInstant,
): Decided<Answer> => {
  const superseded = supersede(parts, request, rows, now);
  const attempt = newAttempt(parts, request, drawn, rows, now);
  const { trailLife = defaultTrailLife } = parts;
  const { id, vmn } = attempt;
  const note = noteOf({ kind: 'request', request });
  return {
    answer: accept({ attempt }),
    puts: [
      ...superseded.flatMap(({ puts }) => puts),
      ...issuedPuts(parts, request, attempt, { hash: drawn.hash, factor }, rows, now),
      ...trailBegins({ id, vmn, note }, request, step, trailLife, now.wallMs),
    ],
    audit: [...superseded.flatMap(({ audit }) => audit), auditOf(attempt.id, 'request', step)],
  };
};

const decide =
  (parts: ServiceParts, asked: BindingRequest, drawn: Drawn, factor: string) =>
  (rows: LoadedRows, now: ServerInstant): Decided<Answer> => {
    const isFactorReplayed = asked.factor !== undefined && rows.find('factor', factor) !== undefined;
    const request = { ...asked, isFactorReplayed };
    const event: AttemptEvent = { kind: 'request', request };
    const { id: profile } = profileTally(request);
    const blocks = operatorBlocks(request, rows).filter(({ untilMs }) => untilMs > now.wallMs);
    const found = findTransition(undefined, event, {
      policy: parts.policy,
      without: parts.without,
      now,
      // To whoever asks, an operator's block looks like that of B09.
      deviceTallies: [
        ...tallyKeys(request).map(({ id }) => rows.find('tally', id) ?? emptyTally),
        ...blocks.map(({ untilMs }) => ({ ...emptyTally, blockedUntilMs: untilMs })),
      ],
      profileTally: rows.find('tally', profile) ?? emptyTally,
      isBusy: openLocks(request, rows, now).some(({ key }) => key !== request.device.key),
      isBoundElsewhere: false,
    });
    if (!found.ok) return { answer: found, puts: [], audit: [] };
    const step = found.value;
    if (step.to === 'issued') return decideIssue(parts, request, drawn, factor, step, rows, now);
    const [block] = step.row.when === 'device-blocked' ? blocks : [];
    const note = block === undefined ? noteOf(event) : `blocked by an operator: ${block.subject}`;
    const { trailLife = defaultTrailLife } = parts;
    const puts = [
      ...(step.row.when === 'token-limit' ? blockPuts(parts, request, rows, now) : []),
      ...trailBegins({ id: drawn.id, note }, request, step, trailLife, now.wallMs),
    ];
    const answer = refuse(step.code ?? 'binding.wrong-state', step.rule);
    return { answer, puts, audit: [auditOf(drawn.id, 'request', step)] };
  };

const gatherRequest = async (
  parts: ServiceParts,
  { subscription: _kept, ...ask }: TokenAsk,
): Promise<Result<BindingRequest, 'binding.number-mismatch'>> => {
  const number = readMsisdn(ask.number);
  if (!number.ok) return number;
  const [registered, facts] = await Promise.all([
    parts.directory.registeredNumber(ask.profile),
    parts.numberFacts.facts(number.value),
  ]);
  const hash = (text: string): string => parts.secrets.hash('number', text);
  return accept({
    ...ask,
    number: hash(number.value),
    registered: registered === undefined ? undefined : hash(registered),
    isFactorReplayed: false,
    facts,
  });
};

/** Judges a request and, if it passes, gives the token out. The token itself is in the answer and nowhere else. */
export const requestToken = async (parts: ServiceParts, ask: TokenAsk): Promise<TokenRefusal> => {
  const request = await gatherRequest(parts, ask);
  if (!request.ok) return request;
  if (isStaleList(request.value.facts, parts.policy, parts.clock.now().wallMs))
    parts.notices.alarm('binding.number-list-stale', {});
  const drawn = draw(parts, ask);
  const factor = factorUse(parts, request.value);
  const answer: Answer | Refusal<StorageRefusal> = await transact(
    parts,
    readRows(request.value, factor),
    decide(parts, request.value, drawn, factor),
  );
  if (!answer.ok) return answer;
  const { attempt } = answer.value;
  return accept({
    attempt: attempt.id,
    vmn: attempt.vmn as Msisdn,
    text: attempt.vmn === '' ? '' : smsText(parts.brand, drawn.token),
    expiresInMs: parts.policy.timer,
    ...(attempt.approval === undefined ? {} : { words: drawn.words }),
    ...(attempt.challenge === undefined ? {} : { challenge: attempt.challenge }),
  });
};
