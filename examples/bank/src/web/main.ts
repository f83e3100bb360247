/** Starts the app: through Hauberk when the bank says how, bare otherwise. */
import './aspect.ts';
import { App } from './app.ts';
import { askUser } from './confirm-dialog.ts';
import { bareConnection, type Connection, loadTrust } from './connection.ts';
import { protectedConnection } from './protected-connection.ts';
import { startThirdParties } from './third-parties.ts';

async function connect(names: ReadonlyMap<string, string>): Promise<Connection> {
  const trust = await loadTrust();
  return trust === null ? bareConnection() : protectedConnection(trust, askUser, names);
}

const root = document.querySelector<HTMLElement>('#app');
const branch = document.querySelector<HTMLElement>('#branch');
const toasts = document.querySelector<HTMLElement>('#toasts');
if (branch !== null) startThirdParties(branch);
if (root !== null && toasts !== null) {
  const names = new Map<string, string>();
  new App(await connect(names), names, root, toasts).start();
}
