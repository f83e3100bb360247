import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readAnswer } from '@hauberk/channel';
import { finishHandshake, type PendingHello } from '@hauberk/channel/client';
import { epochMs, toBase64Url } from '@hauberk/primitives';
import { codeOf, type Device, enrolDevice, helloOf, valueOf } from './fixture/client.ts';
import { flipByte, payloadOf, respell } from './fixture/documents.ts';
import { signStatus, World } from './fixture/world.ts';

interface Finish {
  readonly world: World;
  readonly device: Device;
  readonly pending: PendingHello;
  readonly answer: string;
}

const answered = async (world = new World()): Promise<Finish> => {
  const device = await enrolDevice(world);
  const pending = await helloOf(world, device);
  const { answer } = valueOf(world.answer(valueOf(world.judge(pending.text)), 'none'));
  return { world, device, pending, answer };
};

const cases: readonly (readonly [string, string, (answer: string) => string])[] = [
  ['answer.malformed', 'nothing', () => ''],
  ['answer.malformed', 'a part too few', (answer) => answer.split('.').slice(0, 2).join('.')],
  ['answer.malformed', 'a part too many', (answer) => `${answer}.AAAA`],
  ['answer.malformed', 'a short MAC', (answer) => answer.slice(0, -4)],
  ['answer.malformed', 'another version', (answer) => respell(answer, { v: 2 })],
  ['answer.malformed', 'an early outcome that does not exist', (answer) => respell(answer, { early: 'maybe' })],
  ['answer.malformed', 'a session id of another length', (answer) => respell(answer, { sessionId: 'AAAA' })],
  [
    'answer.suite',
    'a suite that was not offered first',
    (answer) => respell(answer, { suite: 'HB1-X25519', share: toBase64Url(new Uint8Array(32).fill(9)) }),
  ],
  [
    'answer.share',
    'a share that is no point',
    (answer) => respell(answer, { share: toBase64Url(new Uint8Array(65).fill(4)) }),
  ],
  ['answer.finished', 'another server time', (answer) => respell(answer, { serverTimeMs: 1 })],
  ['answer.finished', 'a higher tier', (answer) => respell(answer, { tier: 3 })],
  ['answer.finished', 'early data decided though not asked for', (answer) => respell(answer, { early: 'accepted' })],
  ['answer.finished', 'a share of its own', (answer) => respell(answer, { share: shareOfAttacker })],
  [
    'answer.finished',
    'another ticket',
    (answer) => {
      const [core = '', tickets = '', mac = ''] = answer.split('.');
      return `${core}.${respell(`${tickets}.x`, { ticket: 'AAAA' }).slice(0, -2)}.${mac}`;
    },
  ],
  [
    'answer.finished',
    'a MAC with a flipped bit',
    (answer) => {
      const [core = '', tickets = '', mac = ''] = answer.split('.');
      return `${core}.${tickets}.${flipByte(mac, 31)}`;
    },
  ],
];

const shareOfAttacker = toBase64Url(new World().keys.agreement['HB1-P256'].publicKey);

describe('answers at the client', () => {
  for (const [code, title, spoil] of cases) {
    it(`${code}: ${title}`, async () => {
      const { device, pending, answer } = await answered();
      const spoilt = spoil(answer);
      assert.notEqual(spoilt, answer);
      assert.equal(codeOf(await finishHandshake(device.crypto, pending, spoilt)), code);
    });
  }

  it('answer.finished: the answer to another hello, also of the same device', async () => {
    const first = await answered();
    const second = await answered(first.world);
    assert.equal(codeOf(await finishHandshake(first.device.crypto, first.pending, second.answer)), 'answer.finished');
  });

  it('answer.malformed: nothing was decided though early data was sent', async () => {
    const world = new World();
    const device = await enrolDevice(world);
    const asked = await helloOf(world, device, { early: true });
    const accepted = valueOf(world.judge(asked.text));
    const opened = valueOf(world.answer(accepted, 'none'));
    // The gateway says refused where its caller said nothing: the client gets an answer that it can believe.
    assert.equal(valueOf(await finishHandshake(device.crypto, asked, opened.answer)).core.early, 'refused');
    const unasked = { ...asked, askedEarly: false };
    assert.equal(codeOf(await finishHandshake(device.crypto, unasked, opened.answer)), 'answer.malformed');
  });

  it('answer.status: expired, of another config, by an unknown or wrong key, living too long', async () => {
    const spoils: readonly ((world: World) => string)[] = [
      (world) => signStatus(world.crypto, world.keys, world.configText, { expiresAtMs: world.now }),
      (world) => signStatus(world.crypto, world.keys, `${world.configText}x`),
      (world) => signStatus(world.crypto, world.keys, world.configText, { configVersion: 8 }),
      (world) => signStatus(world.crypto, world.keys, world.configText, { signedBy: 'status-2' }),
      (world) => signStatus(world.crypto, { ...world.keys, status: world.keys.directive }, world.configText),
      (world) => signStatus(world.crypto, world.keys, world.configText, { issuedAtMs: epochMs(0) }),
      (world) => respell(signStatus(world.crypto, world.keys, world.configText), { v: 2 }),
      () => 'nonsense',
    ];
    for (const spoil of spoils) {
      const world = new World();
      world.publish(world.configText, world.config, spoil(world));
      const { device, pending, answer } = await answered(world);
      assert.equal(codeOf(await finishHandshake(device.crypto, pending, answer)), 'answer.status');
    }
  });

  it('answer.status: an old statement does not pass by an answer from the past', async () => {
    const world = new World();
    const { device, pending, answer } = await answered(world);
    const floor = epochMs(world.now + 2 * 86_400_000);
    const wiser = { ...pending, trusted: { ...pending.trusted, timeFloor: floor } };
    assert.equal(codeOf(await finishHandshake(device.crypto, wiser, answer)), 'answer.status');
    assert.equal(codeOf(await finishHandshake(device.crypto, pending, answer)), 'accepted');
  });

  it('an answer is read only whole, and says what the gateway said', async () => {
    const { world, answer, device } = await answered();
    const { core, tickets } = valueOf(readAnswer(answer));
    assert.equal(core.deviceId, toBase64Url(device.deviceId));
    assert.equal(core.expiresAtMs, world.now + 3_600_000);
    assert.equal(payloadOf(answer)['sessionId'], core.sessionId);
    assert.equal(tickets.resumeExpiresAtMs, world.now + 7 * 86_400_000);
  });
});
