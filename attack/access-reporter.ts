/** A phone whose probe tells what its owner wants it to, and what the gateway makes of it. */
import { createHash } from 'node:crypto';
import { endpoint } from '@hauberk/channel/client';
import { type AccessRow, type ChainFrame, chainId } from '@hauberk/privacy/client';
import type { KeptFinding, KnownChain, PrivacyAdministration } from '@hauberk/server';
import {
  type Answer,
  type Crafted,
  call,
  craft,
  type Device,
  enrol,
  openSession,
  type Session,
} from './wire-client.ts';
import type { OwnGateway } from './world.ts';

/** A function that findings are about here. */
export const locate = 'web:navigator.geolocation.getCurrentPosition';

let ids = 0;

/** A report; each has an id of its own unless one is given. */
export const reportOf = (kind: string, body: object, id?: string): object => {
  ids += 1;
  return {
    id: id ?? `attack-${process.pid}-${ids}`,
    kind,
    kindVersion: 1,
    loss: 'must-keep',
    eventAtMs: Date.now(),
    body,
  };
};

const sha256 = (input: Uint8Array): Uint8Array<ArrayBuffer> =>
  new Uint8Array(createHash('sha256').update(input).digest());

/** The frames of a made-up place, and the chain's id. */
export const placeOf = (name: string): { readonly chain: string; readonly frames: readonly ChainFrame[] } => {
  const frames = [{ kind: 'js', script: `https://bank.example/${name}.js`, name: 'f', line: 1, column: 2 }] as const;
  return { chain: chainId(frames, sha256), frames };
};

/** An access that breaks the rule `background`. */
export const accessOf = (chain: string, changes: Partial<AccessRow> = {}): AccessRow => {
  const at = Date.now() - 1000;
  return {
    api: locate,
    chain,
    owner: '@ads/web',
    scene: 'branch-finder',
    isForeground: false,
    count: 1,
    firstAtMs: at,
    lastAtMs: at,
    realm: 'page',
    outcome: 'observed',
    ...changes,
  };
};

/** What one phone tells. */
export interface Reporter {
  readonly device: Device;
  readonly session: Session;
  readonly craft: (...reports: readonly object[]) => Promise<Crafted>;
  readonly tell: (...reports: readonly object[]) => Promise<Answer>;
  readonly consent: (body: object) => Promise<Answer>;
}

const json = { 'content-type': 'application/json' };

/** Enrols a phone and opens its session. */
export const newReporter = async (gateway: OwnGateway, known?: Device): Promise<Reporter> => {
  const target = gateway.target();
  const device = known ?? (await enrol(target));
  const session = await openSession(target, device);
  const bodyOf = (reports: readonly object[]): string => JSON.stringify({ v: 1, reports });
  const options = (body: string) => ({ headers: json, mode: 'sealed' as const, body });
  return {
    device,
    session,
    craft: (...reports) => craft(target, session, 'POST', endpoint.reports, options(bodyOf(reports))),
    tell: (...reports) => call(target, session, 'POST', endpoint.reports, options(bodyOf(reports))),
    consent: (body) => call(target, session, 'POST', endpoint.consent, options(JSON.stringify(body))),
  };
};

/** The codes of what was refused. */
export const refusedOf = ({ status, code, json: told }: Answer): string => {
  if (status !== 200) return code;
  const refused = (told['refused'] ?? []) as readonly { readonly code: string }[];
  return refused.map((each) => each.code).join(' ') || 'kept';
};

/** What the privacy officer sees, once everything that was told has been judged. */
export interface SeenByOffice {
  readonly office: PrivacyAdministration;
  readonly scope: { readonly organisation: string; readonly app: string };
  /** A finding about a chain; of the rule `background` unless another is named. */
  readonly finding: (chain: string, kind?: string) => Promise<KeptFinding | undefined>;
  readonly chain: (chain: string) => Promise<KnownChain | undefined>;
}

/** What the privacy officer sees, once everything that was told has been judged. */
export const seenBy = async (gateway: OwnGateway): Promise<SeenByOffice> => {
  const running = gateway.running();
  const { organisation, app } = gateway.target();
  await running.privacy.drain();
  const office = running.privacy.administrationOf({ organisation, app });
  return {
    office,
    scope: { organisation, app },
    finding: async (chain: string, kind = 'background') =>
      (await office.findings({ chain, limit: 100 })).items.find(({ finding }) => finding.kind === kind),
    chain: (chain: string) => office.chain(chain),
  };
};
