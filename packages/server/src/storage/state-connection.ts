/** What a thread needs to use the state: a port to the writer, the record's file, and the keys. Travels as workerData or a message. */
import type { MessagePort } from 'node:worker_threads';
import type { KeyReader, KeySnapshot } from '../keys/key-provider.ts';
import { keysFromSnapshot } from '../keys/key-reader.ts';
import { openReader } from './node-sqlite.ts';
import { sqliteStores } from './sqlite/sqlite-stores.ts';
import type { Stores } from './stores.ts';
import { WriterClient } from './writer-client.ts';

/** A connection on its way to a thread. Both ports must be in the transfer list. */
export interface StateConnection {
  readonly client: number;
  readonly writerPort: MessagePort;
  /** Brings newer keys. */
  readonly keysPort: MessagePort;
  readonly recordFile: string;
  readonly keys: KeySnapshot;
  readonly boot: number;
  readonly epoch: number;
}

/** The state as a worker thread uses it. */
export interface ConnectedState {
  readonly boot: number;
  readonly epoch: number;
  readonly ports: Stores;
  /** Follows rotations on the main thread. */
  readonly keys: KeyReader;
  /** Waits for the writes of this thread and lets the state go. */
  close(): Promise<void>;
}

/** The transfer list of a connection. */
export const transferOf = (connection: StateConnection): MessagePort[] => [connection.writerPort, connection.keysPort];

/** Takes up a connection on the thread that received it. */
export const connectStorage = (connection: StateConnection): ConnectedState => {
  const client = new WriterClient(connection.writerPort);
  const reader = openReader(connection.recordFile);
  const keys = keysFromSnapshot(connection.keys);
  connection.keysPort.on('message', (snapshot: KeySnapshot) => keys.update(snapshot));
  connection.keysPort.unref();
  return {
    boot: connection.boot,
    epoch: connection.epoch,
    ports: sqliteStores({ submit: client.submit, reader, keys }),
    keys,
    close: async () => {
      await client.close();
      connection.keysPort.close();
      reader.close();
    },
  };
};
