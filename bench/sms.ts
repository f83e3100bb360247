/**
 * What an inbound SMS costs: from an SMSC to committed state, against Kannel that delivers the same messages from the same SMSC to an HTTP
 * server which does nothing; and how long an acknowledgement takes at 500 messages a second. `npm run bench -- sms [--json] [--count N]`.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FakeSmsc } from '../packages/server/test/sms/fake-smsc.ts';
import { hasKannel, startKannel, startPlane } from '../packages/server/test/sms/sms-process.ts';

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, count: { type: 'string', default: '5000' } },
});
const count = Number(values.count);
const pacedPerSecond = 500;
const pacedSeconds = 4;

const messagesOf = (label: string, total: number) =>
  Array.from({ length: total }, (_, index) => ({
    from: `9198${String(index).padStart(8, '0')}`,
    to: '918000000001',
    text: `Bank phone check ${label}${String(index).padStart(8, '0')} Never forward this message.`,
  }));

const perSecond = async (run: () => Promise<void>): Promise<number> => {
  const start = performance.now();
  await run();
  return (count * 1000) / (performance.now() - start);
};

const p99 = (milliseconds: readonly number[]): number =>
  milliseconds.toSorted((one, other) => one - other)[Math.floor(milliseconds.length * 0.99)] ?? 0;

const measureOurs = async (folder: string) => {
  const smsc = new FakeSmsc(64);
  const port = await smsc.listen();
  const smpp = { host: '127.0.0.1', port, systemId: 'bank', secret: 'secret' };
  const plane = await startPlane(folder, { links: [{ id: 'bench', messagesPerSecond: 100_000, smpp }] });
  try {
    const warm = 500;
    smsc.queue(messagesOf('warm', warm));
    await smsc.until(warm);
    const before = await plane.ask();
    const rate = await perSecond(async () => {
      smsc.queue(messagesOf('ours', count));
      await smsc.until(warm + count);
      while ((await plane.ask()).status.waiting > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    });
    const after = await plane.ask();
    smsc.latencies.length = 0;
    const paced = messagesOf('paced', pacedPerSecond * pacedSeconds);
    const start = performance.now();
    for (let sent = 0; sent < paced.length; ) {
      const due = Math.min(paced.length, Math.floor(((performance.now() - start) * pacedPerSecond) / 1000));
      smsc.queue(paced.slice(sent, due));
      sent = due;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await smsc.until(warm + count + paced.length);
    return { rate, perCpuSecond: count / (after.cpuSeconds - before.cpuSeconds), p99Ms: p99(smsc.latencies) };
  } finally {
    await plane.kill('SIGTERM');
    smsc.close();
  }
};

const measureKannel = async (): Promise<number> => {
  const smsc = new FakeSmsc(64);
  const port = await smsc.listen();
  let calls = 0;
  const server = createServer((_incoming, response) => {
    calls += 1;
    response.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const kannel = await startKannel(port, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const called = async (total: number): Promise<void> => {
    while (calls < total) await new Promise((resolve) => setTimeout(resolve, 2));
  };
  try {
    const warm = 200;
    smsc.queue(messagesOf('warm', warm));
    await called(warm);
    return await perSecond(async () => {
      smsc.queue(messagesOf('kannel', count));
      await called(warm + count);
    });
  } finally {
    await kannel.stop();
    smsc.close();
    server.closeAllConnections();
    server.close();
  }
};

const folder = mkdtempSync(join(tmpdir(), 'hauberk-bench-'));
try {
  const ours = await measureOurs(join(folder, 'state'));
  const kannel = hasKannel ? await measureKannel() : undefined;
  const figures = {
    messagesPerCpuSecond: Math.round(ours.perCpuSecond),
    messagesPerSecond: Math.round(ours.rate),
    kannelPerSecond: kannel === undefined ? null : Math.round(kannel),
    vsKannelDelivery: kannel === undefined ? null : Number((ours.rate / kannel).toFixed(2)),
    p99Milliseconds: Number(ours.p99Ms.toFixed(2)),
  };
  if (values.json) console.log(JSON.stringify(figures));
  else console.table(figures);
} finally {
  rmSync(folder, { recursive: true });
}
