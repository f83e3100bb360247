/** Opens a state folder: lock, keys, writer thread, boot number. Nothing is answered before all of that is on the disk. */
import { MessageChannel, Worker } from 'node:worker_threads';
import { type EpochMs, epochMs } from '@hauberk/primitives';
import { openFileKeys } from '../keys/file-keys.ts';
import type { KeyProvider } from '../keys/key-provider.ts';
import { p256PrivateKey } from '../keys/make-key.ts';
import type { MasterKey } from '../keys/master-key.ts';
import { makePrivateFolder } from './durable-file.ts';
import { openReader, requireSafeSqlite } from './node-sqlite.ts';
import { type ProbeCode, probeStorage } from './probe.ts';
import { sqliteStores } from './sqlite/sqlite-stores.ts';
import type { StateConnection } from './state-connection.ts';
import { stateFiles } from './state-folder.ts';
import { lockState, type StateLock } from './state-lock.ts';
import { StateError, StorageFault } from './storage-refusal.ts';
import type { Stores } from './stores.ts';
import { WriterClient } from './writer-client.ts';
import type { WriterLimits, WriterNews, WriterOrder, WriterStart } from './writer-message.ts';

/** How to open a state folder. */
export interface StorageOptions {
  readonly folder: string;
  /** Otherwise the folder's own, made at first start. */
  readonly master?: MasterKey | undefined;
  readonly previousMaster?: MasterKey | undefined;
  readonly limits?: Partial<WriterLimits>;
  /** How often expired entries are dropped and due keys replaced; 0 for never by itself. */
  readonly upkeepMs?: number;
}

/** An open state folder, on the main thread. */
export interface OpenStorage {
  /** Never used before, over restarts and restores. */
  readonly boot: number;
  readonly epoch: number;
  /** Idempotency keys that the last start left without an outcome; see `idempotency.listUnknown`. */
  readonly disowned: number;
  readonly ports: Stores;
  readonly keys: KeyProvider;
  /** Settles only when the writer has failed: the process should then end, and a new start will know what was kept. */
  readonly failed: Promise<StorageFault>;
  /** A connection for another thread; post it with `transferOf(connection)`. */
  connectPort(): StateConnection;
  /** Changes the bound on the record's size. */
  limit(maxBytes: number | null): void;
  /** Drops what has expired and replaces keys that are due. */
  upkeep(now: EpochMs): Promise<void>;
  /** Whether a write would be kept now. Never rejects. */
  probe(): Promise<ProbeCode>;
  /** Drains, signs the last checkpoint, closes. Close the connections of other threads first. */
  close(): Promise<void>;
}

const defaultLimits: WriterLimits = { maxQueued: 65_536, maxGroup: 4096, maxBytes: null };
const purgeRows = 2000;

/** The writer thread as the main thread sees it. */
interface Writer {
  readonly ready: Extract<WriterNews, { news: 'ready' }>;
  readonly failed: Promise<StorageFault>;
  order(order: WriterOrder): void;
  stop(): Promise<void>;
}

const startWriter = async (start: WriterStart): Promise<Writer> => {
  const worker = new Worker(new URL('./writer-thread.ts', import.meta.url), {
    workerData: start,
    name: 'record-writer',
    // Options of the main script (an entry point given as text, a test runner's) are none of the writer's.
    execArgv: [],
  });
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  const failure = Promise.withResolvers<StorageFault>();
  const ready = Promise.withResolvers<Writer['ready']>();
  const closed = Promise.withResolvers<void>();
  const fail = (message: string): void => {
    const fault = new StorageFault(message);
    failure.resolve(fault);
    ready.reject(fault);
  };
  worker.on('message', (news: WriterNews) => {
    if (news.news === 'ready') ready.resolve(news);
    else if (news.news === 'closed') closed.resolve();
    else if (news.news === 'refused') ready.reject(new StateError(news.code, news.message, news.hint));
    else fail(news.message);
  });
  worker.on('error', (error) => fail(error.message));
  let isStopping = false;
  void exited.then(() => {
    if (!isStopping) fail('the writer thread ended');
  });
  const order = (message: WriterOrder): void =>
    worker.postMessage(message, message.order === 'connect' ? [message.port] : []);
  const stop = async (): Promise<void> => {
    isStopping = true;
    order({ order: 'close' });
    await Promise.race([closed.promise, exited]);
    await exited;
  };
  return { ready: await ready.promise, failed: failure.promise, order, stop };
};

const followAuditKey = (keys: KeyProvider, writer: Writer): (() => void) => {
  let used = keys.current('audit-signing', epochMs(Date.now())).id;
  return keys.onChange(() => {
    const key = keys.current('audit-signing', epochMs(Date.now()));
    if (key.id !== used) writer.order({ order: 'sign-with', auditKeyId: key.id, auditKey: p256PrivateKey(key) });
    used = key.id;
  });
};

const openLocked = async (options: StorageOptions, lock: StateLock): Promise<OpenStorage> => {
  const files = stateFiles(options.folder);
  const startedAtMs = epochMs(Date.now());
  const keys = openFileKeys(files.keys, startedAtMs, options);
  const auditKey = keys.current('audit-signing', startedAtMs);
  const writer = await startWriter({
    file: files.record,
    anchorFile: files.anchor,
    auditKeyId: auditKey.id,
    auditKey: p256PrivateKey(auditKey),
    startedAtMs,
    limits: { ...defaultLimits, ...options.limits },
  });
  return openConnected({ options, lock, files, keys, writer });
};

interface Opened {
  readonly options: StorageOptions;
  readonly lock: StateLock;
  readonly files: ReturnType<typeof stateFiles>;
  readonly keys: KeyProvider;
  readonly writer: Writer;
}

/** Hands out connections; each client has its number, so that what a dead thread had started can be told. */
const connections = ({ files, keys, writer }: Opened) => {
  const { boot, epoch } = writer.ready;
  let clients = 0;
  const open = (): { client: number; port: MessageChannel['port1'] } => {
    clients += 1;
    const { port1, port2 } = new MessageChannel();
    writer.order({ order: 'connect', client: clients, port: port2 });
    return { client: clients, port: port1 };
  };
  const connectPort = (): StateConnection => {
    const { client, port: writerPort } = open();
    const { port1: keysPort, port2: sender } = new MessageChannel();
    const stopSending = keys.onChange((snapshot) => sender.postMessage(snapshot));
    sender.once('close', stopSending);
    sender.unref();
    return { client, writerPort, keysPort, recordFile: files.record, keys: keys.snapshot(), boot, epoch };
  };
  return { open, connectPort };
};

/** A write that changes nothing waits its turn like any other. */
const askWriter = async (client: WriterClient): Promise<ProbeCode> => {
  const answer = await client.submit('record.purge', { now: epochMs(0), limit: 0 });
  return answer.ok ? 'ok' : answer.code;
};

const openConnected = (opened: Opened): OpenStorage => {
  const { options, lock, files, keys, writer } = opened;
  const { boot, epoch, disowned } = writer.ready;
  const { open, connectPort } = connections(opened);
  const client = new WriterClient(open().port);
  const reader = openReader(files.record);
  const stopFollowing = followAuditKey(keys, writer);
  const upkeep = async (now: EpochMs): Promise<void> => {
    keys.rotateDue(now);
    await client.submit('record.purge', { now, limit: purgeRows });
  };
  const { upkeepMs = 30_000 } = options;
  const quiet = (): void => {};
  // A fault of the writer shows in `failed`, which its owner watches.
  const timer =
    upkeepMs > 0 ? setInterval(() => upkeep(epochMs(Date.now())).catch(quiet), upkeepMs).unref() : undefined;
  return {
    boot,
    epoch,
    disowned,
    ports: sqliteStores({ submit: client.submit, reader, keys }),
    keys,
    failed: writer.failed,
    connectPort,
    limit: (maxBytes) => writer.order({ order: 'limit', maxBytes }),
    upkeep,
    probe: () => probeStorage(files.probe, () => askWriter(client)),
    close: async () => {
      clearInterval(timer);
      stopFollowing();
      await client.close();
      await writer.stop();
      reader.close();
      lock.release();
    },
  };
};

/**
 * Opens a state folder, made when absent.
 * @throws StateError when it is in use, too new, or its keys cannot be opened.
 */
export const openStorage = async (options: StorageOptions): Promise<OpenStorage> => {
  requireSafeSqlite();
  makePrivateFolder(options.folder);
  const lock = lockState(options.folder);
  try {
    return await openLocked(options, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
};
