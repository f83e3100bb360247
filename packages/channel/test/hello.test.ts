import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { issueHelloNonce, readHello } from '@hauberk/channel';
import { createHello, helloSkewSeconds } from '@hauberk/channel/client';
import { nodeAsyncCrypto } from '@hauberk/crypto/node';
import { epochMs, toBase64Url } from '@hauberk/primitives';
import { codeOf, type Device, enrolDevice, helloOf, openSession, valueOf } from './fixture/client.ts';
import { flipByte, resign, respell, respellSignature } from './fixture/documents.ts';
import { app, birth, configOf, World } from './fixture/world.ts';

type Spoil = (world: World, device: Device) => Promise<string>;

const fresh: Spoil = async (world, device) => (await helloOf(world, device)).text;

const changed =
  (change: Readonly<Record<string, unknown>>): Spoil =>
  async (world, device) =>
    respell(await fresh(world, device), change);

const createdAt =
  (offsetMs: number): Spoil =>
  async (world, device) =>
    (await helloOf(world, device, { freshness: { createdMs: epochMs(world.now + offsetMs) } })).text;

const nonceFor = (world: World, hello: string): string =>
  issueHelloNonce(world.crypto, world.ports.nonceKey, valueOf(readHello(hello)).hello.deviceThumbprint, world.now);

const zeros = toBase64Url(new Uint8Array(32));

const cases: readonly (readonly [string, string, Spoil])[] = [
  ['hello.malformed', 'no document', async () => 'nonsense'],
  ['hello.malformed', 'a fourth part', async (world, device) => `${await fresh(world, device)}.a.b`],
  ['hello.malformed', 'a member too many', changed({ extra: 1 })],
  ['hello.malformed', 'another version', changed({ v: 2 })],
  ['hello.malformed', 'both kinds of freshness', changed({ nonce: 'both' })],
  ['hello.malformed', 'no freshness', changed({ createdMs: null })],
  ['hello.malformed', 'a share of the wrong length', changed({ share: zeros })],
  ['hello.malformed', 'a ticket nobody named', async (world, device) => `${await fresh(world, device)}.ticket`],
  ['hello.suite', 'an unknown suite', changed({ suites: ['HB1-RSA'] })],
  ['hello.suite', 'no suite', changed({ suites: [] })],
  [
    'hello.suite',
    'a suite that the named key is not of',
    async (world, device) => {
      const { text } = await helloOf(world, device, { suites: ['HB1-X25519'] });
      return resign(device.key, text, { kid: 'key-HB1-P256' });
    },
  ],
  ['hello.config-unknown', 'another config', changed({ config: zeros })],
  ['hello.scope', 'another organisation', changed({ organisation: 'other' })],
  ['hello.scope', 'another service', changed({ service: 'other' })],
  ['hello.signature', 'another app', changed({ app: 'other' })],
  ['hello.signature', 'early data asked for by somebody else', changed({ early: true })],
  [
    'hello.signature',
    "another device's key around the share",
    async (world, device) => {
      const thief = await enrolDevice(world);
      return resign(thief.key, await fresh(world, device), {});
    },
  ],
  ['hello.clock', 'too old', createdAt(-helloSkewSeconds * 1000 - 1)],
  ['hello.clock', 'too far ahead', createdAt(helloSkewSeconds * 1000 + 1)],
  [
    'hello.nonce-required',
    'under load',
    async (world, device) => {
      world.underLoad = true;
      return fresh(world, device);
    },
  ],
  [
    'hello.nonce-invalid',
    'a guessed nonce',
    async (world, device) => (await helloOf(world, device, { freshness: { nonce: 'guess' } })).text,
  ],
  [
    'hello.nonce-invalid',
    "another device's nonce",
    async (world, device) => {
      const nonce = nonceFor(world, await fresh(world, await enrolDevice(world)));
      return (await helloOf(world, device, { freshness: { nonce } })).text;
    },
  ],
  [
    'hello.nonce-invalid',
    'a nonce after its time',
    async (world, device) => {
      const nonce = nonceFor(world, await fresh(world, device));
      world.later((helloSkewSeconds + 1) * 1000);
      return (await helloOf(world, device, { freshness: { nonce } })).text;
    },
  ],
  [
    'hello.device-unknown',
    'a key nobody enrolled',
    async (world, device) => {
      const key = await nodeAsyncCrypto.generateKeyPair('p256', 'sign');
      return fresh(world, { ...device, key });
    },
  ],
  [
    'hello.device-revoked',
    'a device that was switched off',
    async (world, device) => {
      world.enrol(device.key.publicKey, { active: false });
      return fresh(world, device);
    },
  ],
  [
    'hello.config-key-revoked',
    'an agreement key past its time',
    async (world, device) => {
      world.later(14 * 86_400_000);
      return fresh(world, device);
    },
  ],
  [
    'hello.config-key-revoked',
    'an agreement key nobody published',
    async (world, device) => resign(device.key, await fresh(world, device), { kid: 'other' }),
  ],
  [
    'hello.share',
    'a share of low order',
    async (world, device) => {
      const { text } = await helloOf(world, device, { suites: ['HB1-X25519'] });
      return resign(device.key, text, { share: zeros });
    },
  ],
  [
    'hello.replayed',
    'the same hello again',
    async (world, device) => {
      const text = await fresh(world, device);
      valueOf(world.judge(text));
      return text;
    },
  ],
  [
    'hello.replayed',
    'the same hello with its signature respelt',
    async (world, device) => {
      const text = await fresh(world, device);
      valueOf(world.judge(text));
      return respellSignature(text);
    },
  ],
  [
    'hello.replayed',
    'the same hello as late as its clock allows',
    async (world, device) => {
      const text = await createdAt(helloSkewSeconds * 1000)(world, device);
      valueOf(world.judge(text));
      world.later(2 * helloSkewSeconds * 1000);
      return text;
    },
  ],
  [
    'hello.table-full',
    'no device row left',
    async (world, device) => {
      for (let row = 0; row < 4; row += 1) await openSession(world, await enrolDevice(world));
      return fresh(world, device);
    },
  ],
  [
    'hello.register-full',
    'no room to remember',
    async (world, device) => {
      for (let entry = 0; ; entry += 1) {
        if (entry > 64) throw new Error('the register took everything');
        const filler = world.judge(await fresh(world, device));
        if (codeOf(filler) === 'hello.register-full') return fresh(world, device);
      }
    },
  ],
  [
    'resume.malformed',
    'a ticket with a flipped byte',
    async (world, device) => {
      const { tickets } = await openSession(world, device);
      return (await helloOf(world, device, { resumeTicket: flipByte(tickets.resumeTicket, -1) })).text;
    },
  ],
  [
    'resume.malformed',
    'a ticket cut short',
    async (world, device) => (await helloOf(world, device, { resumeTicket: 'AAAA' })).text,
  ],
  [
    'resume.malformed',
    'another ticket than the signed one',
    async (world, device) => {
      const { tickets } = await openSession(world, device);
      const { text } = await helloOf(world, device, { resumeTicket: tickets.resumeTicket });
      return `${text.slice(0, text.lastIndexOf('.'))}.${flipByte(tickets.resumeTicket, -1)}`;
    },
  ],
  [
    'resume.device-mismatch',
    "another device's ticket",
    async (world, device) => {
      const { tickets } = await openSession(world, await enrolDevice(world));
      return (await helloOf(world, device, { resumeTicket: tickets.resumeTicket })).text;
    },
  ],
];

describe('hello refusals', () => {
  for (const [code, title, spoil] of cases) {
    it(`${code}: ${title}`, async () => {
      const rows = code === 'hello.table-full' ? { deviceRows: 4 } : {};
      const world = new World({ ...rows, ...(code === 'hello.register-full' ? { strikes: 8 } : {}) });
      const device = await enrolDevice(world);
      assert.equal(codeOf(world.judge(await spoil(world, device))), code);
    });
  }

  it('a refused hello leaves nothing behind: the honest one passes afterwards', async () => {
    const world = new World();
    const device = await enrolDevice(world);
    const honest = await fresh(world, device);
    for (let attempt = 0; attempt < 20; attempt += 1) world.judge(respell(honest, { app: `other${attempt}` }));
    assert.equal(codeOf(world.judge(honest)), 'accepted');
  });

  it('a thousand replays of one hello cost its device nothing', async () => {
    const world = new World();
    const device = await enrolDevice(world);
    const text = await fresh(world, device);
    valueOf(world.answer(valueOf(world.judge(text)), 'none'));
    const codes = new Set<string>();
    for (let replay = 0; replay < 1000; replay += 1) {
      codes.add(codeOf(world.judge(text)));
      world.later(10);
    }
    assert.deepEqual([...codes], ['hello.replayed']);
    await openSession(world, device);
  });

  it('with a full register a nonce still opens a session, but early data is off', async () => {
    const world = new World({ strikes: 8 });
    const device = await enrolDevice(world);
    const { tickets } = await openSession(world, device);
    for (let entry = 0; entry < 64; entry += 1) world.judge(await fresh(world, device));
    assert.equal(codeOf(world.judge(await fresh(world, device))), 'hello.register-full');
    const nonce = nonceFor(world, await fresh(world, device));
    const resumed = { freshness: { nonce }, resumeTicket: tickets.resumeTicket, early: true };
    const accepted = valueOf(world.judge((await helloOf(world, device, resumed)).text));
    assert.notEqual(accepted.resume, undefined);
    assert.equal(accepted.mayBeEarly, false);
  });

  it('hello.suite at the client: a config without a usable key makes no hello', async () => {
    const world = new World();
    const device = await enrolDevice(world);
    const over = [
      configOf(world.keys, [], { suites: [] }),
      configOf(world.keys, [], { revokedKeys: ['key-HB1-P256', 'key-HB1-X25519'] }),
    ];
    for (const config of over) {
      const made = await createHello(device.crypto, {
        trusted: { ...device.trusted, config },
        app,
        deviceKey: device.key,
        suites: ['HB1-P256', 'HB1-X25519'],
        resumeTicket: null,
        early: false,
        freshness: { createdMs: birth },
        now: birth,
      });
      assert.equal(codeOf(made), 'hello.suite');
    }
  });
});
