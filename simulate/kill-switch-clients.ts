/**
 * Some thousand connections of SDKs in one process, and among them whole SDKs; tells its parent when which of them had the switch. The others do
 * what an SDK does with a directive before it counts (take it apart, verify its signature under the keys of the signed config, judge it) and
 * leave out what ten thousand phones would do on processors of their own.
 */
import { connect } from 'node:net';
import {
  endpoint,
  judgeDirective,
  type NamedKey,
  readDirective,
  readDocument,
  readGatewayConfig,
  context as signing,
} from '@hauberk/channel';
import { nodeCrypto } from '@hauberk/crypto/node';
import { epochMs } from '@hauberk/primitives';
import { isKilled, readDirectiveBody } from '@hauberk/rollout/client';
import { openDirectives } from '@hauberk/sdk/directives';
import { createHauberk, type HauberkOptions, memoryStorage, type StoredEntries } from '@hauberk/sdk/node';
import { lightTransport } from './light-transport.ts';

/** What a process of clients is told. */
export interface ClientOrder {
  readonly options: HauberkOptions;
  readonly clients: number;
  /** How many of them are whole SDKs. */
  readonly whole: number;
  /** Clients that open their stream at a time. */
  readonly atATime: number;
}

/** What it tells. */
export type ClientNews =
  | { readonly news: 'connected'; readonly clients: number }
  /** Wall-clock milliseconds at which each client had verified the switch and put it in force. */
  | { readonly news: 'reached'; readonly atMs: readonly number[] };

const tell = (news: ClientNews): void => void process.send?.(news);

const until = async (isThere: () => boolean): Promise<void> => {
  while (!isThere()) await new Promise((resolve) => setTimeout(resolve, 20));
};

type Trust = StoredEntries['trust'];

/** An SDK, whole but for the host's own connections; answers what it learned to trust. */
const openWhole = async (options: HauberkOptions, trust: Trust | undefined, onKill: () => void): Promise<Trust> => {
  const storage = memoryStorage(trust === undefined ? {} : { trust });
  const directives = openDirectives({ pollMs: 0 });
  const client = createHauberk({ ...options, directives }, { storage, transport: lightTransport });
  client.directives.subscribe('kill', (directive) => {
    if (directive?.body.kinds.includes('*') === true) onKill();
  });
  if (trust === undefined) await client.directives.refresh();
  await until(() => client.directives.status().isConnected);
  const learned = await storage.read('trust');
  if (learned === undefined) throw new Error('nothing was learned');
  return learned;
};

const directiveKeysOf = ({ configText }: Trust): readonly NamedKey[] => {
  const document = readDocument(signing.config, configText);
  const config = document.ok ? readGatewayConfig(document.value.payload) : document;
  if (!config.ok) throw new Error(config.code);
  return config.value.directiveKeys;
};

/** Whether a document is the switch, genuine and for this app, by the channel's own functions. */
const isSwitch = (keys: readonly NamedKey[], options: HauberkOptions, text: string): boolean => {
  const read = readDirective(keys, text);
  if (!read.ok) return false;
  const { directive, document, publicKey } = read.value;
  if (!nodeCrypto.verify(publicKey, document.signedBytes, document.signature)) return false;
  if (!judgeDirective(directive, options, 0, epochMs(Date.now())).ok) return false;
  const body = readDirectiveBody(directive.kind, directive.kindVersion, directive.body);
  return body.ok && 'kinds' in body.value && isKilled(body.value, 'privacy.stop');
};

const openBare = (options: HauberkOptions, keys: readonly NamedKey[], onKill: () => void): Promise<void> =>
  new Promise((resolve, reject) => {
    const [origin = ''] = options.endpoints;
    const { hostname, port, host } = new URL(origin);
    const { organisation, app, service } = options;
    const query = new URLSearchParams({ organisation, app, service, revision: '0' }).toString();
    const socket = connect({ host: hostname, port: Number(port) });
    let held = '';
    socket.setEncoding('latin1');
    socket.once('connect', () =>
      socket.write(`GET ${endpoint.directiveStream}?${query} HTTP/1.1\r\nhost: ${host}\r\n\r\n`),
    );
    socket.on('data', (piece: string) => {
      held += piece;
      if (held.includes('\r\n\r\n')) resolve();
      const data = /data: (\{[^\n]*\})\n/.exec(held)?.[1];
      if (data === undefined) return;
      held = '';
      const { documents } = JSON.parse(data) as { readonly documents: readonly string[] };
      if (documents.some((document) => isSwitch(keys, options, document))) onKill();
    });
    socket.on('error', reject);
  });

const run = async ({ options, clients, whole, atATime }: ClientOrder): Promise<void> => {
  const reached: number[] = [];
  // Whoever waits too long asks for what there is.
  process.once('message', () => tell({ news: 'reached', atMs: reached }));
  const onKill = (): void => {
    reached.push(Date.now());
    if (reached.length === clients) tell({ news: 'reached', atMs: reached });
  };
  // Apps that were started before have the signed config; the first one fetches it.
  const trust = await openWhole(options, undefined, onKill);
  const keys = directiveKeysOf(trust);
  let started = 1;
  const lane = async (): Promise<void> => {
    while (started < clients) {
      started += 1;
      if (started <= whole) await openWhole(options, trust, onKill);
      else await openBare(options, keys, onKill);
    }
  };
  await Promise.all(Array.from({ length: atATime }, lane));
  tell({ news: 'connected', clients });
};

process.once('message', (order: ClientOrder) => {
  run(order).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  });
});
process.once('disconnect', () => process.exit(0));
