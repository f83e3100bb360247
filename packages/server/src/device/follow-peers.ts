/**
 * Follows the revocation logs of the other nodes over the relay's mutual TLS: twice a second each, from the beginning after a start. A node that
 * cannot be reached is asked again; what it had to tell is in its log until then.
 */
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, request } from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import type { DeviceTable } from '@hauberk/channel';
import type { EpochMs } from '@hauberk/primitives';
import type { ClusterConfig } from '../config/config.ts';
import { voidTickets } from '../gateway/device-operations.ts';
import type { RequestHandler } from '../gateway/listener.ts';
import type { Log } from '../gateway/log.ts';
import type { Scope } from '../storage/scope.ts';
import type { Stores } from '../storage/stores.ts';
import {
  followRevocation,
  ownRevocations,
  type PeerRevocation,
  type PeerRevocations,
  readRevocations,
  revocationsText,
} from './peer-revocation.ts';

/** Path on the relay listener, which only nodes reach. */
const path = '/.hauberk-node/revocations';
const askEveryMs = 400;
const answerWithinMs = 5000;
const largestAnswer = 4_194_304;

/** What following needs. */
export interface FollowParts {
  readonly cluster: ClusterConfig;
  readonly ownNode: number;
  readonly stores: Pick<Stores, 'devices' | 'attestations'>;
  /** What this node serves; of anything else it takes nothing over. */
  readonly scopes: readonly Scope[];
  readonly table: DeviceTable;
  readonly log: Log;
  readonly now: () => EpochMs;
}

/** Answers other nodes on the relay listener; everything else goes on to `next`. */
export const serveRevocations =
  (stores: FollowParts['stores'], next: RequestHandler): RequestHandler =>
  (incoming: IncomingMessage, response: ServerResponse, trust) => {
    const url = incoming.url ?? '';
    if (incoming.method !== 'GET' || !url.startsWith(`${path}?after=`)) {
      next(incoming, response, trust);
      return;
    }
    const after = url.slice(path.length + '?after='.length);
    const answer = async (): Promise<void> => {
      const told = await ownRevocations(stores, /^\d{1,15}$/.test(after) ? Number(after) : 0);
      response.writeHead(200, { 'content-type': 'application/json' }).end(revocationsText(told));
    };
    // A record that cannot be read is asked again: the other node keeps its place.
    answer().catch(() => response.writeHead(503).end());
  };

/** Asks a node what it has to tell after a position. */
const ask = (agent: Agent, origin: string, after: number): Promise<PeerRevocations> =>
  new Promise((resolve, reject) => {
    const url = new URL(`${path}?after=${after}`, origin);
    const outgoing = request(url, { agent, timeout: answerWithinMs }, (incoming) => {
      const pieces: Buffer[] = [];
      let length = 0;
      incoming.on('data', (piece: Buffer) => {
        length += piece.length;
        if (length > largestAnswer) outgoing.destroy(new Error('the answer is too large'));
        else pieces.push(piece);
      });
      incoming.on('error', reject);
      incoming.on('end', () => {
        const read = incoming.statusCode === 200 ? readRevocations(Buffer.concat(pieces).toString('utf8')) : undefined;
        if (read === undefined) reject(new Error('the answer is none'));
        else resolve(read);
      });
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')));
    outgoing.on('error', reject);
    outgoing.end();
  });

const keyOf = ({ organisation, app, keys }: PeerRevocation): string =>
  [organisation, app, ...keys.map(({ thumbprint }) => thumbprint)].join('\n');

/** Follows one node. */
class Follower {
  readonly #parts: FollowParts;
  readonly #node: number;
  readonly #origin: string;
  readonly #agent: Agent;
  #position = 0;
  #isLive = false;
  #isFailing = false;

  constructor(parts: FollowParts, { id, origin }: ClusterConfig['nodes'][number], agent: Agent) {
    this.#parts = parts;
    this.#node = id;
    this.#origin = origin;
    this.#agent = agent;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await (this.#isLive ? this.#step() : this.#catchUp());
        this.#isFailing = false;
      } catch (error) {
        if (!this.#isFailing && !signal.aborted) this.#parts.log.warn('cluster.follow-failed', { error });
        this.#isFailing = true;
      }
      await pause(askEveryMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** After a start only the last word on each device counts: replaying all would switch devices off and on again. */
  async #catchUp(): Promise<void> {
    const last = new Map<string, PeerRevocation>();
    let position = 0;
    for (;;) {
      const { entries, readTo } = await ask(this.#agent, this.#origin, position);
      for (const entry of entries) last.set(keyOf(entry), entry);
      if (readTo === position) break;
      position = readTo;
    }
    for (const entry of last.values()) await this.#take(entry, false);
    this.#position = position;
    this.#isLive = true;
  }

  async #step(): Promise<void> {
    const { entries, readTo } = await ask(this.#agent, this.#origin, this.#position);
    for (const entry of entries) await this.#take(entry, true);
    this.#position = readTo;
  }

  async #take(entry: PeerRevocation, isLive: boolean): Promise<void> {
    const { scopes, stores, table, now } = this.#parts;
    if (!scopes.some(({ organisation, app }) => organisation === entry.organisation && app === entry.app)) return;
    for (const device of await followRevocation(stores, this.#node, entry, isLive)) voidTickets(table, device, now());
  }
}

/** Follows every other node until it is told to stop. */
export const followPeers = (parts: FollowParts): { readonly stop: () => Promise<void> } => {
  const { relay, nodes } = parts.cluster;
  const agent = new Agent({
    keepAlive: true,
    maxSockets: 2,
    cert: readFileSync(relay.certificateFile),
    key: readFileSync(relay.keyFile),
    ca: readFileSync(relay.caFile),
    minVersion: 'TLSv1.3',
  });
  const ending = new AbortController();
  const followed = nodes
    .filter(({ id }) => id !== parts.ownNode)
    .map((node) => new Follower(parts, node, agent).run(ending.signal));
  return {
    stop: async () => {
      ending.abort();
      await Promise.all(followed);
      agent.destroy();
    },
  };
};
