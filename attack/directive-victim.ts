/** An app that follows directives, and a host between it and the gateway that answers for the directives as the attacker likes. */
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { endpoint } from '@hauberk/channel';
import { toBase64Url } from '@hauberk/primitives';
import { type DirectiveBodies, type DirectiveKind, directiveKinds, wholeShare } from '@hauberk/rollout';
import { openDirectives } from '@hauberk/sdk/directives';
import { type ClientStorage, createHauberk, memoryStorage } from '@hauberk/sdk/node';
import type { Target } from './wire-client.ts';
import type { OwnGateway } from './world.ts';

/** A host of the attacker's: passes everything on, but for the directives. */
export interface HostileOrigin {
  readonly url: string;
  /** Documents that it gives out; the gateway's own where undefined. */
  documents: readonly string[] | undefined;
  readonly close: () => Promise<void>;
}

/** Opens one before a gateway. */
export const openHostileOrigin = async (target: Target): Promise<HostileOrigin> => {
  const { hostname, port } = new URL(target.gateway);
  const server: Server = createServer((incoming, response) => {
    if (incoming.url?.startsWith(endpoint.directives) === true && origin.documents !== undefined) {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ v: 1, revision: 1_000_000, documents: origin.documents }));
      return;
    }
    const { method = 'GET', url = '/', headers } = incoming;
    const onward = request({ hostname, port, path: url, method, headers }, (reply) => {
      response.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(response);
    });
    onward.on('error', () => response.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin: HostileOrigin = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    documents: undefined,
    close: async () => {
      server.closeAllConnections();
      await new Promise<unknown>((resolve) => server.close(resolve));
    },
  };
  return origin;
};

/** An app that asks an origin for its directives. */
export interface DirectiveVictim {
  /** Chains that are stopped here. */
  readonly chains: () => readonly string[];
  readonly refused: () => Readonly<Record<string, number>>;
  /** Asks anew and waits until that is judged. */
  readonly ask: () => Promise<void>;
  readonly storage: ClientStorage;
}

/** Starts the app; `laterMs` sets its clock ahead. */
export const openDirectiveVictim = (
  target: Target,
  origin: string,
  { storage = memoryStorage(), laterMs = 0 }: { readonly storage?: ClientStorage; readonly laterMs?: number } = {},
): DirectiveVictim => {
  const { organisation, app, service, configKeys } = target;
  const trust = {
    configKeys: configKeys.map(({ kid, publicKey }) => ({ kid, publicKey: toBase64Url(publicKey) })),
    minConfigVersion: 1,
    buildTimeMs: 0,
  };
  const clock = { monotonic: () => performance.now(), wall: () => Date.now() + laterMs };
  const directives = openDirectives({ stream: false, pollMs: 0 });
  const client = createHauberk(
    { organisation, app, service, endpoints: [origin], trust, directives },
    { storage, clock },
  );
  let chains: readonly string[] = [];
  client.directives.subscribe('privacy.stop', (directive) => {
    chains = directive?.body.stops.map(({ chain }) => chain) ?? [];
  });
  return {
    chains: () => chains,
    refused: () => client.directives.status().refused,
    ask: async () => {
      await client.directives.refresh();
      // Listeners are called on their own time.
      await new Promise((resolve) => setImmediate(resolve));
    },
    storage,
  };
};

/** An app that asked a host which gives out these documents, and nothing else. */
export const askFor = async (
  target: Target,
  documents: readonly string[],
  options: { readonly laterMs?: number } = {},
): Promise<DirectiveVictim> => {
  const origin = await openHostileOrigin(target);
  origin.documents = [...documents];
  const victim = openDirectiveVictim(target, origin.url, options);
  await victim.ask();
  await origin.close();
  return victim;
};

/** Nothing is in force, and what was given out was refused for this reason. */
export const refusedFor = (
  victim: DirectiveVictim,
  reason: string,
): { readonly observed: string; readonly held: boolean } => {
  const refused = victim.refused()[reason] ?? 0;
  const stopped = victim.chains().length;
  return { observed: `${stopped} chains stopped, ${refused} refused`, held: stopped === 0 && refused > 0 };
};

/** Publishes a directive to everybody of an app. */
export const publishDirective = async <Kind extends DirectiveKind>(
  gateway: OwnGateway,
  kind: Kind,
  body: DirectiveBodies[Kind],
  { app = gateway.target().app, lifeMs = 3_600_000 }: { readonly app?: string; readonly lifeMs?: number } = {},
): Promise<void> => {
  const { organisation } = gateway.target();
  const plan = {
    kind,
    kindVersion: directiveKinds[kind].kindVersion,
    service: null,
    body,
    audience: { versions: [], cohorts: [] },
    stages: [wholeShare],
    guard: null,
    lifeMs,
    reason: 'attack',
  };
  const by = { draft: 'ann', approve: 'ben' };
  const published = await gateway.running().directives.publish({ organisation, app }, plan, by);
  if (!published.ok) throw new Error(published.code);
};

/** The body that stops chains. */
export const stopping = (...chains: readonly string[]): DirectiveBodies['privacy.stop'] => ({
  stops: chains.map((chain) => ({ chain, action: 'deny' })),
});

/** The documents that a gateway gives out to an app. */
export const documentsOf = async (
  { gateway, organisation, app, service }: Target,
  asked: string = app,
): Promise<readonly string[]> => {
  const query = new URLSearchParams({ organisation, app: asked, service }).toString();
  const file = (await (await fetch(`${gateway}${endpoint.directives}?${query}`)).json()) as {
    readonly documents: readonly string[];
  };
  return file.documents;
};
