/** Starts what the suites and the bench of SMS need as processes of their own: the plane, and Kannel. */
import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SmsStatus } from '../../src/sms/sms-plane.ts';
import { openReader } from '../../src/storage/node-sqlite.ts';
import { stateFiles } from '../../src/storage/state-folder.ts';

/** A plane in a process. */
export interface PlaneProcess {
  readonly child: ChildProcess;
  readonly port: number | undefined;
  readonly ask: () => Promise<{ readonly status: SmsStatus; readonly cpuSeconds: number }>;
  readonly kill: (signal: 'SIGKILL' | 'SIGTERM') => Promise<void>;
}

/** Starts a plane over a state folder. */
export const startPlane = async (folder: string, config: unknown): Promise<PlaneProcess> => {
  const program = new URL('./sms-child.ts', import.meta.url).pathname;
  const child = fork(program, [folder, JSON.stringify(config)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const ended = once(child, 'exit');
  const [ready] = (await Promise.race([
    once(child, 'message'),
    ended.then(() => Promise.reject(new Error('the plane did not start'))),
  ])) as [{ readonly port?: number }];
  return {
    child,
    port: ready.port,
    ask: async () => {
      const answer = once(child, 'message');
      child.send('status');
      return (await answer)[0];
    },
    kill: async (signal) => {
      child.kill(signal);
      await ended;
    },
  };
};

/** What the receiver was handed, by text: how many different messages it was told they are. */
export const countedTexts = (folder: string): ReadonlyMap<string, number> => {
  const reader = openReader(stateFiles(folder).record);
  try {
    const ids = new Map<string, Set<string>>();
    for (const { payload } of reader.prepare("select payload from outbox_events where kind = 'test.sms'").all()) {
      const { messageId, said } = JSON.parse(Buffer.from(payload as Uint8Array).toString()) as Record<string, string>;
      const held = ids.get(said ?? '') ?? new Set();
      ids.set(said ?? '', held.add(messageId ?? ''));
    }
    return new Map([...ids].map(([text, held]) => [text, held.size]));
  } finally {
    reader.close();
  }
};

/** A port that was free a moment ago. */
export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

/** Whether the Debian package is there. */
export const hasKannel: boolean = spawnSync('sh', ['-c', 'command -v bearerbox && command -v smsbox']).status === 0;

/** Kannel between an SMSC and a webhook: bearerbox and smsbox, with a store on the disk. */
export const startKannel = async (
  smscPort: number,
  webhook: string,
): Promise<{ readonly pids: readonly number[]; readonly stop: () => Promise<void> }> => {
  const folder = mkdtempSync(join(tmpdir(), 'hauberk-kannel-'));
  const [admin, box, send] = [await freePort(), await freePort(), await freePort()];
  const query = 'from=%p&to=%P&text=%b&carrier=%i&id=%I&coding=%c&charset=%C';
  const file = join(folder, 'kannel.conf');
  writeFileSync(
    file,
    `group = core
admin-port = ${admin}
admin-interface = 127.0.0.1
smsbox-port = ${box}
smsbox-interface = 127.0.0.1
admin-password = test
store-type = file
store-location = ${join(folder, 'store')}
dlr-storage = internal

group = smsc
smsc = smpp
smsc-id = fake
host = 127.0.0.1
port = ${smscPort}
transceiver-mode = true
smsc-username = bank
smsc-password = secret
system-type = ""
reconnect-delay = 1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = ${send}
sendsms-interface = 127.0.0.1
http-request-retry = 200
http-queue-delay = 1

group = sms-service
keyword = default
catch-all = true
max-messages = 0
get-url = "${webhook}?${query}"
`,
  );
  const start = (program: string): ChildProcess => spawn(program, ['-v', '4', file], { cwd: folder, stdio: 'ignore' });
  const bearerbox = start('bearerbox');
  // smsbox gives up when nobody listens yet.
  for (let tries = 0; tries < 200; tries += 1) {
    const reply = await fetch(`http://127.0.0.1:${admin}/status.txt?password=test`).catch(() => undefined);
    if (reply?.ok === true) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const smsbox = start('smsbox');
  const ended = [bearerbox, smsbox].map((child) => once(child, 'exit'));
  return {
    pids: [bearerbox, smsbox].flatMap(({ pid }) => pid ?? []),
    stop: async () => {
      smsbox.kill('SIGKILL');
      bearerbox.kill('SIGKILL');
      await Promise.all(ended);
    },
  };
};
