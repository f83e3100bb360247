/**
 * The plane is killed in the middle, over and over: every message that the SMSC was acknowledged is counted, and none twice. Once through our
 * own client, once through Kannel and the webhook. HAUBERK_FULL=1 takes 10,000 messages each.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { FakeSmsc } from './fake-smsc.ts';
import { countedTexts, freePort, hasKannel, type PlaneProcess, startKannel, startPlane } from './sms-process.ts';

const isFull = process.env['HAUBERK_FULL'] === '1';
const total = isFull ? 10_000 : 400;
const kills = isFull ? 5 : 2;

const messages = Array.from({ length: total }, (_, index) => ({
  from: `9198${String(index).padStart(8, '0')}`,
  to: '918000000001',
  text: `Bank phone check ${String(index).padStart(6, '0')}!Ab`,
}));

const folderFor = (t: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'hauberk-sms-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'state');
};

const drained = async (plane: PlaneProcess): Promise<void> => {
  for (;;) {
    const { status } = await plane.ask();
    if (status.waiting === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

const judge = (folder: string): void => {
  const counted = countedTexts(folder);
  const lost = messages.filter(({ text }) => !counted.has(text)).length;
  const twice = [...counted].filter(([, count]) => count > 1).length;
  assert.deepEqual({ lost, twice, counted: counted.size }, { lost: 0, twice: 0, counted: total });
};

test(`${total} messages through our client, the server killed ${kills} times`, async (t) => {
  const folder = folderFor(t);
  const smsc = new FakeSmsc();
  const port = await smsc.listen();
  t.after(() => smsc.close());
  const smpp = { host: '127.0.0.1', port, systemId: 'bank', secret: 'secret' };
  const config = { links: [{ id: 'fake', messagesPerSecond: 100_000, smpp }] };
  let plane = await startPlane(folder, config);
  smsc.queue(messages);
  for (let kill = 1; kill <= kills; kill += 1) {
    await smsc.until(Math.floor((total * kill) / (kills + 1)));
    await plane.kill('SIGKILL');
    plane = await startPlane(folder, config);
  }
  await smsc.until(total);
  assert.ok(smsc.binds >= kills + 1);
  await drained(plane);
  await plane.kill('SIGTERM');
  judge(folder);
});

test(`${total} messages through Kannel and the webhook, the server killed ${kills} times`, {
  skip: hasKannel ? false : 'no kannel',
}, async (t) => {
  const folder = folderFor(t);
  const smsc = new FakeSmsc();
  const smscPort = await smsc.listen();
  t.after(() => smsc.close());
  const port = await freePort();
  const webhook = { path: '/kannel', form: 'kannel', addresses: ['127.0.0.1'] };
  const config = { listen: { port }, links: [{ id: 'kannel', messagesPerSecond: 100_000, webhook }] };
  let plane = await startPlane(folder, config);
  const kannel = await startKannel(smscPort, `http://127.0.0.1:${port}/kannel`);
  t.after(() => kannel.stop());
  const taken = async (count: number): Promise<void> => {
    while (countedTexts(folder).size < count) await new Promise((resolve) => setTimeout(resolve, 50));
  };
  smsc.queue(messages);
  for (let kill = 1; kill <= kills; kill += 1) {
    await taken(Math.floor((total * kill) / (kills + 1)));
    await plane.kill('SIGKILL');
    plane = await startPlane(folder, config);
  }
  await taken(total);
  await drained(plane);
  await plane.kill('SIGTERM');
  judge(folder);
});
