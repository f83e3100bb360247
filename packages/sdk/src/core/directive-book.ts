/** The directives that a client holds: verified before they come in here, judged by scope, target, time and version whenever somebody asks. */
import { type Directive, judgeDirective } from '@hauberk/channel/client';
import { type EpochMs, epochMs, type Result, refuse } from '@hauberk/primitives';
import {
  type DirectiveBodies,
  type DirectiveKind,
  isKilled,
  isTargeted,
  readDirectiveBody,
  readTarget,
  type TargetSubject,
} from '@hauberk/rollout/client';

/** A directive whose signature was verified, as it came. */
export interface HeldDirective {
  readonly directive: Directive;
  readonly document: string;
}

/** Whom this client is to directives. */
export interface DirectiveClient {
  readonly organisation: string;
  readonly app: string;
  readonly service: string;
  readonly appVersion: string | undefined;
  readonly cohorts: readonly string[];
}

/** Highest version in force so far, by track. It never falls. */
export type DirectiveFloors = Readonly<Record<string, number>>;

/** Most directives that are held. */
const maxHeld = 256;

/** A kind in one scope: versions are counted together. */
const trackOf = ({ kind, scope }: Directive): string => `${kind} ${scope.app ?? '*'} ${scope.service ?? '*'}`;

/** The closer scope counts for more. */
const closeness = ({ scope }: Directive): number => (scope.app === null ? 0 : 2) + (scope.service === null ? 0 : 1);

/** What is in force of a kind. */
export interface Judged {
  readonly directive: Directive;
  readonly body: DirectiveBodies[DirectiveKind];
}

/** The book. */
export class DirectiveBook {
  readonly #client: DirectiveClient;
  #held = new Map<string, HeldDirective>();
  #floors: Record<string, number>;
  constructor(client: DirectiveClient, floors: DirectiveFloors) {
    this.#client = client;
    this.#floors = { ...floors };
  }

  get floors(): DirectiveFloors {
    return this.#floors;
  }

  /** What is worth keeping: documents that may still count. */
  documents(): readonly string[] {
    return [...this.#held.values()].map(({ document }) => document);
  }

  /** The salts of everything that is for a part of the devices. */
  salts(): readonly string[] {
    const targets = [...this.#held.values()].map(({ directive }) => readTarget(directive.target));
    return [...new Set(targets.flatMap((target) => (target === undefined ? [] : [target.salt])))];
  }

  /** Neither does another context of this device go back. */
  raise(floors: DirectiveFloors): void {
    for (const [track, version] of Object.entries(floors))
      this.#floors[track] = Math.max(this.#floors[track] ?? 0, version);
  }

  /** Takes a verified directive in; a refusal says why it can never count. */
  take(held: HeldDirective, now: EpochMs): Result<true, string> {
    const { directive } = held;
    const judged = judgeDirective(directive, this.#client, this.#floors[trackOf(directive)] ?? 0, now);
    // Its time may still come.
    if (!judged.ok && judged.code !== 'document.not-yet-valid') return judged;
    const body = readDirectiveBody(directive.kind, directive.kindVersion, directive.body);
    if (!body.ok) return body;
    if (directive.target !== null && readTarget(directive.target) === undefined) return refuse('directive.target');
    this.#held.set(`${trackOf(directive)} ${directive.version}`, held);
    if (this.#held.size > maxHeld) this.#held.delete(this.#held.keys().next().value ?? '');
    return { ok: true, value: true };
  }

  /** What is in force now, by kind. Raises the floors, and forgets what can never count again. */
  judge(now: EpochMs, bucketOf: (salt: string) => number | undefined): ReadonlyMap<string, Judged> {
    const newest = new Map<string, HeldDirective>();
    for (const held of this.#held.values()) {
      const { directive } = held;
      const track = trackOf(directive);
      if ((newest.get(track)?.directive.version ?? this.#floors[track] ?? 0) > directive.version) continue;
      if (now >= directive.notBeforeMs && this.#isMeant(directive, bucketOf)) newest.set(track, held);
    }
    for (const [track, { directive }] of newest) this.#floors[track] = directive.version;
    this.#forget(now);
    const live = [...newest.values()].filter(({ directive }) => directive.expiresAtMs > now);
    return this.#byKind(live.map(({ directive }) => directive));
  }

  /** When something changes by itself; undefined when nothing does. */
  nextChange(now: EpochMs): EpochMs | undefined {
    const times = [...this.#held.values()].flatMap(({ directive }) => [directive.notBeforeMs, directive.expiresAtMs]);
    const coming = times.filter((time) => time > now);
    return coming.length === 0 ? undefined : epochMs(Math.min(...coming));
  }

  #isMeant({ target }: Directive, bucketOf: (salt: string) => number | undefined): boolean {
    const read = readTarget(target);
    if (read === undefined) return target === null;
    const { appVersion, cohorts } = this.#client;
    const subject: TargetSubject = { appVersion, cohorts, bucket: bucketOf(read.salt) };
    return isTargeted(read, subject);
  }

  #forget(now: EpochMs): void {
    for (const [name, { directive }] of this.#held)
      if (directive.expiresAtMs <= now || directive.version < (this.#floors[trackOf(directive)] ?? 0))
        this.#held.delete(name);
  }

  #byKind(live: readonly Directive[]): ReadonlyMap<string, Judged> {
    const judged = live
      .toSorted((one, other) => closeness(one) - closeness(other))
      .flatMap((directive) => {
        const body = readDirectiveBody(directive.kind, directive.kindVersion, directive.body);
        return body.ok ? [{ directive, body: body.value }] : [];
      });
    const kills = judged.filter(({ directive }) => directive.kind === 'kill');
    const isOff = (kind: string): boolean => kills.some(({ body }) => 'kinds' in body && isKilled(body, kind));
    return new Map(
      judged.flatMap((each) => (isOff(each.directive.kind) ? [] : [[each.directive.kind, each] as const])),
    );
  }
}
