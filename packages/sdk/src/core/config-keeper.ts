/** The signed gateway config: fetched, verified against the pinned keys, kept with the highest version and the time floor. */
import { endpoint, type TrustedConfig, trustConfig } from '@hauberk/channel/client';
import { epochMs, type Result } from '@hauberk/primitives';
import type { CoreContext } from './core-context.ts';
import { HauberkError } from './hauberk-error.ts';
import { callPlain } from './plain-call.ts';
import type { StoredTrust } from './storage.ts';

/** Age at which a config in use is fetched anew beside its use, in milliseconds: routes and modes change with it. */
const refreshAfterMs = 600_000;

/** Keeps the one config that this client believes. */
export class ConfigKeeper {
  readonly #context: CoreContext;
  #trusted: TrustedConfig | undefined;
  #fetching: Promise<TrustedConfig> | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  constructor(context: CoreContext) {
    this.#context = context;
  }

  /** The config in use, if one is known yet. */
  get known(): TrustedConfig | undefined {
    return this.#trusted;
  }

  /** The config: from memory, from storage, or fetched. */
  async current(): Promise<TrustedConfig> {
    if (this.#trusted === undefined) await this.#load();
    else this.#refreshIfOld();
    return this.#trusted ?? this.refresh();
  }

  async #load(): Promise<void> {
    const stored = await this.#context.ports.storage.read('trust');
    const judged = stored === undefined ? undefined : await this.#judge(stored.configText);
    if (judged?.ok !== true) return;
    this.#trusted ??= judged.value;
    this.#refreshIfOld();
  }

  /** Fetches the config anew, once for all who ask at the same time. */
  refresh(): Promise<TrustedConfig> {
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  /** Highest authenticated time ever seen, or the build's. */
  async timeFloor(): Promise<number> {
    const stored = await this.#context.ports.storage.read('trust');
    return Math.max(this.#context.options.trust.buildTimeMs, stored?.timeFloorMs ?? 0);
  }

  /** Raises the time floor to an authenticated time; false when the config in use has expired by then. */
  async learnTime(serverTimeMs: number, trusted: TrustedConfig): Promise<boolean> {
    await this.#raise({ configVersion: trusted.config.version, timeFloorMs: serverTimeMs, configText: trusted.text });
    return trusted.config.expiresAtMs > serverTimeMs;
  }

  /** What is known serves at once; whatever is newer serves the next session. */
  #refreshIfOld(): void {
    if (this.#context.ports.clock.monotonic() - this.#askedAt > refreshAfterMs) this.refresh().catch(() => undefined);
  }

  async #fetch(): Promise<TrustedConfig> {
    this.#askedAt = this.#context.ports.clock.monotonic();
    const { organisation, service } = this.#context.options;
    const query = new URLSearchParams({ organisation, service }).toString();
    let judged: Result<TrustedConfig> | undefined;
    const answer = await callPlain(this.#context, `${endpoint.config}?${query}`, undefined, async (offered) => {
      judged = 'text' in offered ? await this.#judge(offered.text) : undefined;
      return judged?.ok === true;
    });
    if ('problem' in answer || judged === undefined)
      throw new HauberkError('config-unavailable', {
        phase: 'receive',
        execution: 'none',
        ...('problem' in answer ? { detail: answer.problem.code, traceId: answer.problem.traceId } : {}),
      });
    if (!judged.ok)
      throw new HauberkError('config-refused', { phase: 'verify', execution: 'none', detail: judged.code });
    const { config, text } = judged.value;
    await this.#raise({ configVersion: config.version, timeFloorMs: 0, configText: text });
    this.#trusted = judged.value;
    return judged.value;
  }

  async #judge(text: string): Promise<Result<TrustedConfig>> {
    const { ports, options, configKeys } = this.#context;
    const stored = await ports.storage.read('trust');
    const trust = {
      organisation: options.organisation,
      service: options.service,
      configKeys,
      minConfigVersion: Math.max(options.trust.minConfigVersion, stored?.configVersion ?? 0),
      timeFloor: epochMs(await this.timeFloor()),
    };
    return trustConfig(ports.crypto, trust, text);
  }

  /** Neither the version nor the floor falls, whichever tab writes last. */
  async #raise(seen: StoredTrust): Promise<void> {
    await this.#context.ports.storage.update('trust', (held) => ({
      configVersion: Math.max(held?.configVersion ?? 0, seen.configVersion),
      timeFloorMs: Math.max(held?.timeFloorMs ?? 0, seen.timeFloorMs),
      configText: held !== undefined && held.configVersion > seen.configVersion ? held.configText : seen.configText,
    }));
  }
}
