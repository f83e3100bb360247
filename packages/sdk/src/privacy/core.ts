/** The aspect: sees calls, counts them, looks at callers when it must, stops chains, reports. It knows no platform. */

import { sha256 } from '@hauberk/crypto/sha256';
import {
  type AccessOutcome,
  type AccessRealm,
  type AccessReport,
  type AccessRow,
  maxAccessRows,
  writeAccessReport,
} from '@hauberk/privacy/client';
import { unheld } from '../core/deadline.ts';
import { type Answer, answerOf, canWait } from './answers.ts';
import { Attribution, type AttributionOptions, type ModuleMap } from './attribution.ts';
import { ChainBook, type KnownChain, noChain } from './chain-book.ts';
import { addressOf, Destinations } from './destination.ts';
import { type HostFunction, type HostObject, memberOf } from './host.ts';
import { type Interception, intercept, type See, type SurfaceState, watched } from './intercept.ts';
import { learnOwnFrames, stackAbove } from './stack.ts';
import { type FrequencyLimit, StackPolicy } from './stack-policy.ts';
import { type DirectiveSource, isKilled, readStops, type StopRule, StopRules } from './stop-rules.ts';
import type { Surface } from './surface.ts';
import { LooseCounts, type RowHead, Tally } from './tally.ts';

/** Queues a report: `hauberk.report`. */
export type Reporter = (
  kind: string,
  body: Readonly<Record<string, unknown>>,
  options: { readonly kindVersion: number; readonly loss: 'may-drop' | 'should-keep' | 'must-keep' },
) => void;

/** What the aspect is connected to, at once or later: `aspect.connect(hauberk)`. */
export interface AspectConnection {
  readonly report?: Reporter;
  readonly directives?: DirectiveSource;
}

/** The options of an aspect. */
export interface AspectOptions extends AttributionOptions, AspectConnection {
  /** Where in the app the user is, until `setScene` says otherwise; `start` unless told. */
  readonly scene?: string;
  /** Longest time between a call and its report, in milliseconds; 60,000 unless told. What is new is told after `newsMs`. */
  readonly reportMs?: number;
  /** The same for chains seen first, exceptions and stopped calls; 1,000 unless told. */
  readonly newsMs?: number;
  /** Calls of each function whose caller is looked at, from the page's start on; 8 unless told. */
  readonly firstCalls?: number;
  /** Of further calls the caller of one in so many is looked at; 64 unless told, 0 for none. */
  readonly sampleEvery?: number;
  /** More calls of one function than this in the window are an exception; 30 in 10,000 ms unless told. */
  readonly frequency?: FrequencyLimit;
  /** Hosts of the app's own gateway: what goes there is counted without its caller, and is no news. */
  readonly ownHosts?: readonly string[];
}

/** What a platform gives. */
export interface AspectPlatform {
  readonly surfaces: readonly Surface[];
  /** The page's address; empty where there is none. */
  readonly address: () => string;
  /** Does what can wait for the first call that is seen, or for the first connection: a page's start is no time for it. */
  readonly begin?: (aspect: PrivacyAspect) => void;
  /** Milliseconds from some zero, never back. */
  readonly monotonic: () => number;
  /** Milliseconds since the epoch. */
  readonly wall: () => number;
}

/** One surface, as it stands. */
export interface SurfaceStatus {
  readonly api: string;
  readonly path: string;
  readonly kind: Surface['kind'];
  readonly state: SurfaceState;
  /** Calls in every realm since the start. */
  readonly calls: number;
}

/** How the aspect stands. */
export interface AspectStatus {
  readonly isLive: boolean;
  readonly surfaces: readonly SurfaceStatus[];
  readonly realms: readonly AccessRealm[];
  /** Stacks that were taken. */
  readonly stacks: number;
  /** Failures of our own, each of which let its call through. */
  readonly faults: number;
  /** Rules in force: chains that are stopped. */
  readonly generation: number;
}

interface Realm {
  readonly root: HostObject;
  /** The realm's own `Object`: a window stays the same when its document, and with it its realm, is another. */
  readonly mark: unknown;
  readonly kind: AccessRealm;
  readonly loose: LooseCounts;
  readonly destinations: Destinations;
  interception: Interception | undefined;
}

/** A call as it was made. */
interface MadeCall {
  readonly native: HostFunction;
  readonly self: unknown;
  readonly args: readonly unknown[];
  readonly newTarget: unknown;
}

/** Rows of earlier scenes and realms that are kept for the next report. */
const maxWaitingRows = 4096;
/** The surface by which scripts come into a page. */
const bringer = 'HTMLScriptElement.prototype.src';
const outcomes = { empty: 'emptied', deny: 'denied', delay: 'delayed' } as const;
const defaultFrequency: FrequencyLimit = { count: 30, windowMs: 10_000 };

/** The aspect of one page, program or app. */
export class PrivacyAspect {
  readonly #platform: AspectPlatform;
  readonly #options: AspectOptions;
  readonly #attribution: Attribution;
  readonly #book: ChainBook;
  readonly #rules = new StopRules();
  readonly #tally = new Tally();
  readonly #policy: StackPolicy;
  readonly #realms: Realm[] = [];
  readonly #newChains: KnownChain[] = [];
  readonly #ends: (() => void)[] = [];
  readonly #lasts: (() => void)[] = [];
  readonly #ownHosts: ReadonlySet<string>;
  #report: Reporter | undefined;
  #scene: string;
  #isForeground = true;
  #isBeforeConsent = false;
  #isLive = true;
  #isOff = false;
  #isInside = false;
  #hasBegun = false;
  #faults = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #dueMs = Number.POSITIVE_INFINITY;
  /** Rows of scenes that are over. */
  #closedRows: readonly AccessRow[] = [];

  constructor(platform: AspectPlatform, options: AspectOptions) {
    this.#platform = platform;
    this.#options = options;
    this.#scene = options.scene ?? 'start';
    this.#ownHosts = new Set(options.ownHosts ?? []);
    this.#attribution = new Attribution(options, platform.address);
    this.#book = new ChainBook(this.#attribution, sha256);
    const { firstCalls = 8, sampleEvery = 64, frequency = defaultFrequency } = options;
    this.#policy = new StackPolicy(platform.surfaces.length, firstCalls, sampleEvery, frequency);
    this.#demandStacks();
    learnOwnFrames(watched(String as HostFunction, 0, this.#probe));
    this.connect(options);
  }

  /** Watches a realm; a second time does nothing. Answers whether it was new. */
  addRealm(root: HostObject, kind: AccessRealm): boolean {
    const mark = root['Object'] ?? root;
    if (this.#isOff || this.#realms.some((realm) => realm.mark === mark)) return false;
    const { surfaces } = this.#platform;
    const loose = new LooseCounts(surfaces.length);
    const realm: Realm = { root, mark, kind, loose, destinations: new Destinations(root), interception: undefined };
    this.#realms.push(realm);
    realm.interception = intercept(root, surfaces, this.#see(realm));
    return true;
  }

  /** For realms whose functions are handed out one by one: puts a watched function around the one of a surface. */
  watcherOf(root: HostObject, kind: AccessRealm): (native: HostFunction, slot: number) => HostFunction {
    const { surfaces } = this.#platform;
    const loose = new LooseCounts(surfaces.length);
    const states = surfaces.map(() => 'waiting' as SurfaceState);
    const interception: Interception = { states, openRequest: undefined, restore: () => [] };
    const realm: Realm = { root, mark: root, kind, loose, destinations: new Destinations(root), interception };
    this.#realms.push(realm);
    return (native, slot) => {
      states[slot] = 'watched';
      return watched(native, slot, this.#see(realm));
    };
  }

  /** Gives reports somewhere to go, and listens to directives. Once each. */
  connect(connection: AspectConnection): void {
    const report = memberOf(connection, 'report') as Reporter | undefined;
    // A client without the option says so by throwing.
    const directives = memberOf(connection, 'directives') as DirectiveSource | undefined;
    if (report !== undefined && this.#report === undefined) {
      this.#report = report;
      if (!this.#hasBegun) this.#begin();
      this.#arm(this.#options.newsMs ?? 1000);
    }
    if (directives === undefined) return;
    this.#ends.push(
      directives.subscribe('privacy.stop', (directive) => {
        this.#rules.replace(readStops(directive, this.#platform.wall()));
        this.#demandStacks();
        this.#arm(this.#options.newsMs ?? 1000);
      }),
      directives.subscribe('kill', (directive) => {
        this.#isLive = !isKilled(directive);
      }),
    );
  }

  /** Says where in the app the user is; the words are those of the bank's table of scenes. */
  setScene(scene: string): void {
    if (scene === this.#scene) return;
    this.#closeRows();
    this.#scene = scene;
  }

  /** Says whether the user sees the app. While not, callers are looked at. */
  setForeground(isForeground: boolean): void {
    this.#isForeground = isForeground;
    this.#policy.isWary = !isForeground || this.#isBeforeConsent;
  }

  /** Says whether the user has decided; until then callers are looked at. */
  setConsented(isConsented: boolean): void {
    this.#isBeforeConsent = !isConsented;
    this.#policy.isWary = !this.#isForeground || this.#isBeforeConsent;
  }

  /** Takes in the module map of a file that was loaded. */
  addModules(modules: ModuleMap): void {
    this.#attribution.addModules(modules);
  }

  /** Has something done when the aspect is switched off. */
  onOff(work: () => void): void {
    this.#lasts.push(work);
  }

  /** Puts every native back and stops listening. Answers the functions that another script keeps wrapped: they let everything through. */
  off(): readonly string[] {
    this.#isOff = true;
    this.#isLive = false;
    for (const end of this.#ends.splice(0)) end();
    clearTimeout(this.#timer);
    const kept = this.#realms.splice(0).flatMap(({ interception }) => interception?.restore() ?? []);
    for (const last of this.#lasts.splice(0)) last();
    return kept;
  }

  status(): AspectStatus {
    const states = this.#realms[0]?.interception?.states ?? [];
    return {
      isLive: this.#isLive,
      surfaces: this.#platform.surfaces.map(({ api, path, kind }, slot) => ({
        api,
        path,
        kind,
        state: states[slot] ?? 'absent',
        calls: this.#policy.callsOf(slot),
      })),
      realms: this.#realms.map(({ kind }) => kind),
      stacks: this.#policy.stacks,
      faults: this.#faults,
      generation: this.#rules.generation,
    };
  }

  /** Reports what was counted since the last time. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#dueMs = Number.POSITIVE_INFINITY;
    if (this.#report === undefined) return;
    const wasInside = this.#isInside;
    // The queue's own calls, as far as they happen at once, are not the app's.
    this.#isInside = true;
    try {
      for (const { id, owner, frames } of this.#newChains.splice(0)) {
        const version = owner.version === undefined ? {} : { ownerVersion: owner.version };
        this.#send(
          { kind: 'privacy.chain', chain: { chain: id, owner: owner.name, ...version, frames } },
          'should-keep',
        );
      }
      for (const effect of this.#rules.takeEffects()) this.#send({ kind: 'privacy.effect', effect }, 'must-keep');
      const rows = this.#takeRows();
      for (let at = 0; at < rows.length; at += maxAccessRows)
        this.#send({ kind: 'privacy.accesses', accesses: rows.slice(at, at + maxAccessRows) }, 'should-keep');
    } finally {
      this.#isInside = wasInside;
    }
  }

  /** Where a watched function leads that only gives its stack: as deep as `#see` is below a trap. */
  readonly #probe: See = (_slot, _native, _self, _args, _newTarget, trap) => {
    try {
      return { value: stackAbove(trap) };
    } finally {
      this.#isInside = false;
    }
  };

  readonly #see =
    (realm: Realm): See =>
    (slot, native, self, args, newTarget, trap) => {
      if (this.#isInside || !this.#isLive) return undefined;
      this.#isInside = true;
      try {
        if (!this.#hasBegun) this.#begin();
        const nowMs = this.#platform.monotonic();
        const isWanted = this.#policy.count(slot, nowMs);
        const surface = this.#platform.surfaces[slot];
        if (surface === undefined) return undefined;
        if (isWanted) return this.#judge(realm, surface, nowMs, { native, self, args, newTarget }, stackAbove(trap));
        if (surface.isExit) this.#countExit(realm, surface, nowMs, self, args);
        else realm.loose.add(slot, this.#isForeground, nowMs);
        if (this.#dueMs === Number.POSITIVE_INFINITY) this.#arm(this.#options.reportMs ?? 60_000, nowMs);
      } catch {
        // A fault of ours must not become the app's.
        this.#faults += 1;
      } finally {
        this.#isInside = false;
      }
      return undefined;
    };

  #begin(): void {
    this.#hasBegun = true;
    this.#platform.begin?.(this);
  }

  #headOf({ kind }: Realm, { api }: Surface, chain: KnownChain | null, destination: string | undefined): RowHead {
    const { id, owner } = chain ?? { id: noChain, owner: { name: 'unknown' } };
    const seen = { api, chain: id, owner: owner.name, scene: this.#scene, isForeground: this.#isForeground };
    return { ...seen, realm: kind, outcome: 'observed', destination };
  }

  #countExit(realm: Realm, surface: Surface, nowMs: number, self: unknown, args: readonly unknown[]): void {
    const destination = realm.destinations.of(surface.path, self, args);
    if (destination !== undefined && this.#ownHosts.has(destination)) return;
    this.#tally.add(this.#headOf(realm, surface, null, destination), nowMs);
  }

  /** The chain is known: counts, stops. */
  #judge(realm: Realm, surface: Surface, nowMs: number, made: MadeCall, stack: string): Answer | undefined {
    const chain = this.#book.chainOf(stack);
    const destination = surface.isExit ? realm.destinations.of(surface.path, made.self, made.args) : undefined;
    const rule = chain === null ? undefined : this.#ruleFor(chain, surface);
    if (rule === undefined && destination !== undefined && this.#ownHosts.has(destination)) return undefined;
    const answer = rule === undefined ? undefined : this.#answer(realm, surface, rule, made);
    const outcome = rule === undefined || answer === undefined ? 'observed' : outcomes[rule.action];
    if (!this.#countAgain(realm, surface, chain, destination, outcome, nowMs)) {
      const row = this.#tally.add({ ...this.#headOf(realm, surface, chain, destination), outcome }, nowMs);
      if (chain !== null) chain.lastRow = row;
    }
    if (rule !== undefined && answer !== undefined) StopRules.count(rule, this.#platform.wall());
    if (chain !== null) this.#note(chain, realm, surface, made.args);
    const { newsMs = 1000, reportMs = 60_000 } = this.#options;
    this.#arm(answer !== undefined || this.#policy.isException ? newsMs : reportMs, nowMs);
    return answer;
  }

  /** The same call as the chain's last one is counted in the same row, which saves finding it. */
  #countAgain(
    { kind }: Realm,
    { api }: Surface,
    chain: KnownChain | null,
    destination: string | undefined,
    outcome: AccessOutcome,
    nowMs: number,
  ): boolean {
    const row = chain?.lastRow;
    if (row === undefined || !row.isOpen) return false;
    const { head } = row;
    if (head.api !== api || head.realm !== kind || head.outcome !== outcome || head.destination !== destination)
      return false;
    if (head.isForeground !== this.#isForeground || head.scene !== this.#scene) return false;
    row.count += 1;
    row.lastMs = nowMs;
    return true;
  }

  #note(chain: KnownChain, realm: Realm, surface: Surface, args: readonly unknown[]): void {
    if (!chain.isReported) {
      chain.isReported = true;
      this.#newChains.push(chain);
      this.#arm(this.#options.newsMs ?? 1000);
    }
    if (surface.path !== bringer || chain.owner.name === 'app') return;
    const script = addressOf(realm.root, args[0]);
    if (script !== undefined) this.#attribution.bring(script.replace(/[?#].*$/s, ''), chain.owner);
  }

  #answer(realm: Realm, surface: Surface, { action, delayMs }: StopRule, made: MadeCall): Answer {
    const { interception, root, destinations } = realm;
    const open = interception?.openRequest;
    const isWaitedFor = destinations.requestOf(made.self)?.isWaitedFor === true;
    return answerOf({ ...made, surface, host: root, isWaitedFor, open }, action, delayMs);
  }

  /** The rule of a chain, looked up once a generation. A function that answers at once cannot be made to wait. */
  #ruleFor(chain: KnownChain, surface: Surface): StopRule | undefined {
    const rules = this.#rules;
    if (chain.generation !== rules.generation) {
      chain.stop = rules.of(chain.id);
      chain.generation = rules.generation;
    }
    const { stop } = chain;
    if (stop === undefined || (stop.apis !== undefined && !stop.apis.has(surface.api))) return undefined;
    return stop.action === 'delay' && !canWait(surface) ? undefined : stop;
  }

  /** Stops ask for callers; and so does the putting in of scripts, for a script's bringer owns it. */
  #demandStacks(): void {
    const { surfaces } = this.#platform;
    const rules = this.#rules;
    const demanded: number[] = [];
    for (let slot = 0; slot < surfaces.length; slot += 1) {
      const surface = surfaces[slot] as Surface;
      // Without a rule no surface's name is asked for, which is the case at every start.
      if (surface.path === bringer || (!rules.isEmpty && rules.concerns(surface.api))) demanded.push(slot);
    }
    this.#policy.demand(demanded);
  }

  #closeRows(): void {
    this.#closedRows = this.#takeRows();
  }

  #takeRows(): readonly AccessRow[] {
    const { wall, monotonic, surfaces } = this.#platform;
    const rows = this.#tally.take(this.#realms, surfaces, this.#scene, wall() - monotonic());
    const all = [...this.#closedRows, ...rows];
    this.#closedRows = [];
    return all.slice(-maxWaitingRows);
  }

  #send(told: AccessReport, loss: 'should-keep' | 'must-keep'): void {
    const written = writeAccessReport(told);
    if (!written.ok) {
      this.#faults += 1;
      return;
    }
    const { kind, kindVersion, body } = written.value;
    try {
      this.#report?.(kind, body, { kindVersion, loss });
    } catch {
      // The queue's own failure; a timer of ours must not throw into the app.
      this.#faults += 1;
    }
  }

  /** Sees to it that reports go out no later than so many milliseconds from now. */
  #arm(ms: number, nowMs: number = this.#platform.monotonic()): void {
    if (this.#report === undefined || this.#isOff) return;
    const dueMs = nowMs + ms;
    if (dueMs >= this.#dueMs) return;
    this.#dueMs = dueMs;
    clearTimeout(this.#timer);
    this.#timer = unheld(setTimeout(() => this.flush(), ms));
  }
}
