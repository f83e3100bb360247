/** Starts the app. */
import { App } from './app.ts';
import { bareConnection, type Connection, loadTrust } from './connection.ts';

async function connect(): Promise<Connection> {
  await loadTrust();
  return bareConnection();
}

const root = document.querySelector<HTMLElement>('#app');
const toasts = document.querySelector<HTMLElement>('#toasts');
if (root !== null && toasts !== null) new App(await connect(), root, toasts).start();
