/** Directives in a page; the test calls these. */
import { createHauberk, type HauberkOptions } from '@hauberk/sdk';
import { openDirectives, watchPage } from '@hauberk/sdk/directives-web';

const seen: string[] = [];
let isConnected = (): boolean => false;
let send = async (): Promise<number> => 0;

/** Starts a client that follows directives; each change of what is stopped is remembered. */
export const follow = (options: HauberkOptions, stream: boolean): void => {
  const client = createHauberk({ ...options, directives: openDirectives({ stream, pollMs: 0 }) });
  client.directives.subscribe('privacy.stop', (directive) => {
    seen.push(directive?.body.stops[0]?.chain ?? 'nothing');
  });
  watchPage(client.directives.health);
  isConnected = () => client.directives.status().isConnected;
  send = async () => (await client.fetch('/api/anything')).status;
};

/** What was stopped, in order. */
export const whatWasSeen = (): readonly string[] => seen;
/** Whether the stream is open. */
export const connected = (): boolean => isConnected();
/** One protected request. */
export const request = (): Promise<number> => send();
