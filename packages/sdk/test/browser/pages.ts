/** What the page tests call inside Chromium: clients on the page's own default storage. */
import { createHauberk, type HauberkOptions, type HauberkStatus } from '../../src/web/index.ts';

/** Connects a new client, as an app does when its page loads. */
export const connect = (options: HauberkOptions): Promise<HauberkStatus> => createHauberk(options).connect();

const openDatabase = (name: string): Promise<IDBDatabase> =>
  new Promise((resolve, reject) => {
    const request = indexedDB.open(name);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error(name));
  });

/** Looks at the stored identity key from outside: whether it can be exported, and what trying to says. */
export const inspectKey = async (name: string): Promise<{ readonly extractable: boolean; readonly told: string }> => {
  const database = await openDatabase(name);
  const entry = await new Promise<{ keyPair: { privateKey: { handle: CryptoKey } } }>((resolve, reject) => {
    const request = database.transaction('entries').objectStore('entries').get('identity');
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error(name));
  });
  database.close();
  const key = entry.keyPair.privateKey.handle;
  const told = await crypto.subtle.exportKey('pkcs8', key).then(
    () => 'exported',
    (error: unknown) => (error instanceof Error ? error.name : 'error'),
  );
  return { extractable: key.extractable, told };
};

/** Deletes the database from beside a client that has it open; answers the client's devices before and after. */
export const evictUnderClient = async (
  options: HauberkOptions,
  name: string,
): Promise<readonly (string | undefined)[]> => {
  const hauberk = createHauberk(options);
  const before = await hauberk.connect();
  await new Promise<void>((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = () => resolve();
    request.onerror = () => reject(request.error ?? new Error(name));
  });
  await hauberk.logout();
  return [before.deviceId, (await hauberk.connect()).deviceId];
};

/** Connects inside a dedicated worker, from the text of this very script. */
export const connectInWorker = (script: string, options: HauberkOptions): Promise<HauberkStatus> => {
  const glue =
    'onmessage = ({ data }) => suite.connect(data).then(postMessage, (error) => postMessage(String(error)));';
  const worker = new Worker(URL.createObjectURL(new Blob([script, '\n', glue], { type: 'text/javascript' })));
  return new Promise((resolve) => {
    worker.onmessage = ({ data }: MessageEvent<HauberkStatus>) => resolve(data);
    worker.postMessage(options);
  });
};

/** An event stream, read event by event until it ends. */
export const readEvents = async (options: HauberkOptions): Promise<readonly string[]> => {
  const response = await createHauberk(options).fetch('/api/events');
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const events: string[] = [];
  for (let read = await reader?.read(); read?.done === false; read = await reader?.read()) events.push(read.value);
  return events;
};

/** Sends one sealed request; answers the status. */
export const send = async (options: HauberkOptions, body: string): Promise<number> =>
  (await createHauberk(options).fetch('/api/echo', { method: 'POST', body })).status;
