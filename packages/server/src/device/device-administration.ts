/**
 * What operators see of devices and do to them. One home for the admin API and the command line: typed answers, coded refusals, and every change
 * felt by all worker threads with one store to shared memory before it is answered.
 */
import type { DeviceTable } from '@hauberk/channel';
import {
  type DevicePlatform,
  type DeviceRecord,
  type DeviceState,
  type DeviceStateCode,
  factsText,
  nextDeviceState,
  type ReattestationReason,
} from '@hauberk/device';
import { accept, type EpochMs, type Result, refuse, toBase64 } from '@hauberk/primitives';
import { voidTickets } from '../gateway/device-operations.ts';
import type {
  Device,
  DeviceChangeRefusal,
  DeviceQuery,
  ListedDevice,
  RecordedDevice,
  RegisteredKey,
  Scope,
  StorageRefusal,
  Stored,
  Stores,
} from '../storage/index.ts';

/** What the administration needs. */
export interface DeviceAdministrationParts {
  readonly scopes: readonly Scope[];
  readonly stores: Pick<Stores, 'devices' | 'attestations' | 'trustedKeys'>;
  /** The shared table of live devices; absent where no gateway runs. */
  readonly table: DeviceTable | undefined;
  /** Names of the tiers, from the lowest. */
  readonly tierNames: readonly string[];
  readonly now: () => EpochMs;
  /** Told of every change after it was kept, e.g. to tell the other nodes. */
  readonly onChange?: (scope: Scope, device: Device) => void;
  /** Signs a verdict as an EAR token; undefined when no signer is configured. */
  readonly signVerdict?: (device: RecordedDevice, now: EpochMs, nonce?: string) => string;
}

/** A device in one line. */
export interface DeviceSummary {
  readonly id: string;
  readonly app: string;
  readonly state: DeviceState;
  /** Rises with every change; names what a change was judged on. */
  readonly generation: number;
  readonly tier: number;
  readonly tierName: string;
  readonly platform: DevicePlatform;
  /** What kind of evidence the tier rests on. */
  readonly evidence: string;
  /** The facts in one text: `platform=android;level=hardware;…`. */
  readonly facts: string;
  readonly attestedAtMs: number;
  /** Why it must be vouched for anew; null when it need not. */
  readonly reattest: ReattestationReason | null;
  readonly sharedIdentity: string | null;
  /** What happened to it last and why, as `kind: reason`: also what it was refused for, as a copied phone is. */
  readonly last: string | null;
  readonly createdAtMs: number;
  readonly changedAtMs: number;
}

/** One entry of a device's history. */
export interface DeviceHistoryLine {
  readonly kind: string;
  readonly atMs: number;
  readonly actor: string;
  readonly reason: string;
  readonly facts: string | null;
}

/** Everything about one device. */
export interface DeviceDetail extends DeviceSummary {
  readonly verdictReference: string;
  readonly attested: DeviceRecord['appraised']['facts'];
  readonly counter: number | null;
  readonly sharedRoute: string | null;
  readonly keys: readonly { readonly thumbprint: string; readonly purpose: string; readonly createdAtMs: number }[];
  /** Keys whose statements are or were believed, oldest first. */
  readonly trustedKeys: readonly {
    readonly thumbprint: string;
    readonly purpose: string;
    readonly level: string;
    readonly userBinding: string;
    readonly createdAtMs: number;
    readonly endedAtMs: number | null;
  }[];
  /** Oldest first, at most 64. */
  readonly history: readonly DeviceHistoryLine[];
  /** The last accepted evidence as it was sent, base64; null for software or when it was too large to keep. */
  readonly evidenceBase64: string | null;
}

/** What to list; every given member must hold. */
export interface DeviceListQuery extends Omit<DeviceQuery, 'tier' | 'limit'> {
  readonly app?: string;
  /** Name or number. */
  readonly tier?: string;
  /** 100 unless told, at most 1000. */
  readonly limit?: number;
}

/** A page of devices; ask again with its last id as `afterId` while it is full. */
export interface DeviceList {
  readonly devices: readonly DeviceSummary[];
  readonly isFull: boolean;
}

/** Who does it, and why; both go to the audit log. */
export interface OperatorWord {
  readonly actor: string;
  readonly reason: string;
  /** The generation that it was decided on: with any other nothing happens. */
  readonly ifGeneration?: number;
}

/** Why a change does not happen. */
export type DeviceActionRefusal = 'device-unknown' | DeviceStateCode | DeviceChangeRefusal | StorageRefusal;

/** Why there is nothing to show. */
export type DeviceShowRefusal = 'device-unknown' | 'tier-unknown' | 'app-unknown' | 'verdict-signer-missing';

type Changed = Promise<Result<DeviceSummary, DeviceActionRefusal>>;

/** The administration of the devices of every app; ids are random, so one names one device. */
export interface DeviceAdministration {
  readonly list: (query: DeviceListQuery) => Promise<Result<DeviceList, DeviceShowRefusal>>;
  readonly show: (device: string) => Promise<Result<DeviceDetail, DeviceShowRefusal>>;
  /** Switched off until reinstated; open sessions end at once. */
  readonly suspend: (device: string, word: OperatorWord) => Changed;
  /** Back from `suspended`; one with hardware must first be vouched for anew, which its SDK does on its own. */
  readonly reinstate: (device: string, word: OperatorWord) => Changed;
  /** Out of its owner's hands; a found one is suspended first, then reinstated. */
  readonly markLost: (device: string, word: OperatorWord) => Changed;
  /** For good. */
  readonly revoke: (device: string, word: OperatorWord) => Changed;
  /** Open sessions end; the next hello must bring new evidence. */
  readonly demandAttestation: (device: string, word: OperatorWord) => Changed;
  /**
   * The same when something made the device suspicious: the port of whatever judges risk. A device that owes evidence already is left as it is, so
   * that nobody's sessions are ended twice for one cause.
   */
  readonly reportRisk: (device: string, word: OperatorWord) => Changed;
  /** The present verdict as a signed EAR token (JWT), with what its reader asked to see again. */
  readonly verdict: (device: string, nonce?: string) => Promise<Result<string, DeviceShowRefusal>>;
}

const defaultPage = 100;
const largestPage = 1000;

const summaryOf = (tierNames: readonly string[], scope: Scope, listed: ListedDevice): DeviceSummary => {
  const { device, appraised, attestedAtMs, demand, shared, last } = listed;
  return {
    id: device.id,
    app: scope.app,
    state: device.state,
    generation: device.generation,
    tier: device.tier,
    tierName: tierNames[device.tier] ?? String(device.tier),
    platform: appraised.facts.platform,
    evidence: appraised.kind,
    facts: factsText(appraised.facts),
    attestedAtMs,
    reattest: demand?.reason ?? null,
    sharedIdentity: shared?.identity ?? null,
    last: last === undefined ? null : `${last.kind}: ${last.reason}`,
    createdAtMs: device.createdAtMs,
    changedAtMs: device.changedAtMs,
  };
};

/** A record as a list shows it. */
const listedOf = (record: DeviceRecord): ListedDevice => {
  const { id, tier, state, generation, createdAtMs, changedAtMs, appraised, attestedAtMs, demand, shared } = record;
  const { verdictReference } = appraised;
  const device = { id, tier, state, generation, verdictReference, createdAtMs, changedAtMs };
  return { device, appraised, attestedAtMs, demand, shared, last: record.history.at(-1) };
};

const detailOf = (
  tierNames: readonly string[],
  record: DeviceRecord,
  evidence: Uint8Array | undefined,
  trustedKeys: readonly RegisteredKey[],
): DeviceDetail => ({
  ...summaryOf(tierNames, record, listedOf(record)),
  verdictReference: record.appraised.verdictReference,
  attested: record.appraised.facts,
  counter: record.appraised.counter?.value ?? null,
  sharedRoute: record.shared?.route ?? null,
  keys: record.keys.map(({ thumbprint, purpose, createdAtMs }) => ({ thumbprint, purpose, createdAtMs })),
  trustedKeys: trustedKeys.map(({ thumbprint, purpose, tier, userBinding, createdAtMs, endedAtMs }) => ({
    thumbprint,
    purpose,
    level: tier,
    userBinding,
    createdAtMs,
    endedAtMs,
  })),
  history: record.history.map(({ kind, atMs, actor, reason, facts }) => ({
    kind,
    atMs,
    actor,
    reason,
    facts: facts === undefined ? null : factsText(facts),
  })),
  evidenceBase64: evidence === undefined ? null : toBase64(new Uint8Array(evidence)),
});

type Found = RecordedDevice & { readonly scope: Scope };

/** Finds devices and pages through them, whatever app they belong to. */
class Finder {
  readonly #parts: DeviceAdministrationParts;
  constructor(parts: DeviceAdministrationParts) {
    this.#parts = parts;
  }

  async find(device: string): Promise<Found | undefined> {
    for (const scope of this.#parts.scopes) {
      const found = await this.#parts.stores.attestations.record(scope, device);
      if (found !== undefined) return { scope, ...found };
    }
    return undefined;
  }

  /** The number of a tier that was named, or `any`. */
  tierOf(name: string | undefined): number | 'any' | undefined {
    if (name === undefined) return 'any';
    const { tierNames } = this.#parts;
    const index = tierNames.indexOf(name);
    if (index >= 0) return index;
    const number = /^\d{1,2}$/.test(name) ? Number(name) : tierNames.length;
    return number < tierNames.length ? number : undefined;
  }

  /** Devices of several apps in the order of their ids, which are random: a page of each is merged. */
  async page(scopes: readonly Scope[], query: DeviceQuery): Promise<DeviceList> {
    const { stores, tierNames } = this.#parts;
    const pages = await Promise.all(
      scopes.map(async (scope) =>
        (await stores.attestations.search(scope, query)).map((listed) => summaryOf(tierNames, scope, listed)),
      ),
    );
    const devices = pages.flat().toSorted((left, right) => (left.id < right.id ? -1 : 1));
    return { devices: devices.slice(0, query.limit), isFull: devices.length >= query.limit };
  }
}

const listOf = async (
  parts: DeviceAdministrationParts,
  finder: Finder,
  { app, tier: tierName, limit = defaultPage, ...rest }: DeviceListQuery,
): Promise<Result<DeviceList, DeviceShowRefusal>> => {
  const tier = finder.tierOf(tierName);
  if (tier === undefined) return refuse('tier-unknown', parts.tierNames.join(', '));
  const scopes = parts.scopes.filter((scope) => app === undefined || scope.app === app);
  if (scopes.length === 0) return refuse('app-unknown', parts.scopes.map((scope) => scope.app).join(', '));
  const query = { ...rest, ...(tier === 'any' ? {} : { tier }), limit: Math.min(Math.max(limit, 1), largestPage) };
  return accept(await finder.page(scopes, query));
};

const isAsSeen = ({ record }: Found, { ifGeneration }: OperatorWord): boolean =>
  ifGeneration === undefined || ifGeneration === record.generation;

/** The administration over a storage and, where a gateway runs, its shared table. */
export const deviceAdministration = (parts: DeviceAdministrationParts): DeviceAdministration => {
  const { stores, table, tierNames, now } = parts;
  const finder = new Finder(parts);
  const told = async (
    { scope }: Found,
    kept: Stored<Device, 'device-unknown' | DeviceChangeRefusal | DeviceStateCode>,
  ): Changed => {
    const answer = await kept;
    if (!answer.ok) return answer;
    if (table !== undefined) voidTickets(table, answer.value, now());
    parts.onChange?.(scope, answer.value);
    const after = await finder.find(answer.value.id);
    return after === undefined ? refuse('device-unknown') : accept(summaryOf(tierNames, scope, listedOf(after.record)));
  };
  const change =
    (event: 'suspend' | 'reinstate' | 'lose' | 'revoke') =>
    async (device: string, word: OperatorWord): Changed => {
      const found = await finder.find(device);
      if (found === undefined) return refuse('device-unknown');
      const { state, generation } = found.record;
      if (!isAsSeen(found, word)) return refuse('device-changed');
      const next = nextDeviceState(state, event);
      if (!next.ok) return next;
      // Of two operators at once one learns that the device is no longer what he saw.
      const asked = { state: next.value, ...word, ifGeneration: generation };
      return told(found, stores.devices.changeState(found.scope, device, asked, now()));
    };
  const demand =
    (reason: 'demanded' | 'risk') =>
    async (device: string, word: OperatorWord): Changed => {
      const found = await finder.find(device);
      if (found === undefined) return refuse('device-unknown');
      if (!isAsSeen(found, word)) return refuse('device-changed');
      if (reason === 'risk' && found.record.demand !== undefined)
        return accept(summaryOf(tierNames, found.scope, listedOf(found.record)));
      return told(found, stores.attestations.demand(found.scope, device, { reason, atMs: now() }, word));
    };
  return {
    list: (query) => listOf(parts, finder, query),
    show: async (device) => {
      const found = await finder.find(device);
      if (found === undefined) return refuse('device-unknown');
      const trustedKeys = await stores.trustedKeys.ofDevice(found.scope, device);
      return accept(detailOf(tierNames, found.record, found.evidence, trustedKeys));
    },
    suspend: change('suspend'),
    reinstate: change('reinstate'),
    markLost: change('lose'),
    revoke: change('revoke'),
    demandAttestation: demand('demanded'),
    reportRisk: demand('risk'),
    verdict: async (device, nonce) => {
      const found = await finder.find(device);
      if (found === undefined) return refuse('device-unknown');
      return parts.signVerdict === undefined
        ? refuse('verdict-signer-missing')
        : accept(parts.signVerdict(found, now(), nonce));
    },
  };
};
