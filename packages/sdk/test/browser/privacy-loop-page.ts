/** A page with two SDKs in one bundle, the aspect before both, and a client that takes directives. */

import { openDirectives } from '../../src/web/directives.ts';
import { createHauberk, type HauberkOptions } from '../../src/web/index.ts';
import { aspect } from './privacy-loop-first.ts';
import { followVisitor } from './sdks/ad-pulse.ts';
import { nearestBranch } from './sdks/bright-maps.ts';

/** How the page stands. */
export interface PageStatus {
  readonly isConnected: boolean;
  readonly kinds: readonly string[];
}

let status: () => PageStatus = () => ({ isConnected: false, kinds: [] });
let send: () => Promise<void> = async () => undefined;

/** Connects the page to the gateway. Nothing is awaited: an app starts without a network too. */
export const connect = (options: HauberkOptions): void => {
  const hauberk = createHauberk({ ...options, directives: openDirectives({ appVersion: '1.0.0' }) });
  aspect.connect(hauberk);
  status = () => hauberk.directives.status();
  send = async () => {
    aspect.flush();
    await hauberk.flushReports();
  };
};

/** How the client's directives stand. */
export const pageStatus = (): PageStatus => status();
/** Sends what waits. */
export const sendReports = (): Promise<void> => send();
export { followVisitor, nearestBranch };
