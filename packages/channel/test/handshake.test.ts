import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  generationOf,
  issueHelloNonce,
  raiseGeneration,
  readHello,
  type SuiteId,
  sessionsPerDevice,
} from '@hauberk/channel';
import { finishHandshake, openReply } from '@hauberk/channel/client';
import { nobleAsyncCrypto, nobleCrypto } from '@hauberk/crypto/noble';
import { nodeAsyncCrypto, nodeCrypto } from '@hauberk/crypto/node';
import { webCrypto } from '@hauberk/crypto/webcrypto';
import { type AsyncCrypto, epochMs, toBase64Url, utf8 } from '@hauberk/primitives';
import { codeOf, enrolDevice, helloOf, openSession, receive, replyTo, send, valueOf } from './fixture/client.ts';
import { configOf, World } from './fixture/world.ts';

const clients: readonly (readonly [string, AsyncCrypto])[] = [
  ['node', nodeAsyncCrypto],
  ['webcrypto', webCrypto()],
  ['noble', nobleAsyncCrypto],
];
const suites: readonly SuiteId[] = ['HB1-P256', 'HB1-X25519'];

describe('handshake', () => {
  for (const gatewayCrypto of [nodeCrypto, nobleCrypto]) {
    for (const [name, crypto] of clients) {
      for (const suite of suites) {
        it(`a ${name} client and a ${gatewayCrypto.name} gateway agree on every key under ${suite}`, async () => {
          const world = new World({ crypto: gatewayCrypto });
          const device = await enrolDevice(world, crypto);
          const session = await openSession(world, device, { suites: [suite] });
          assert.equal(session.core.suite, suite);
          assert.equal(session.core.serverTimeMs, world.now);
          for (const [index, mode] of (['signed', 'sealed'] as const).entries()) {
            const sent = await send(world, device, session, { sequence: index + 1, mode });
            const verified = valueOf(receive(world, sent));
            assert.deepEqual(verified.body, utf8('{"amount":1}'));
            assert.equal(verified.facts.deviceId, toBase64Url(device.deviceId));
            const answered = replyTo(world, verified.binding, 201, { 'content-type': 'text/plain' }, utf8('done'));
            const { keys } = session;
            const opened = await openReply(crypto, keys, sent.protectedRequest.sent, answered.reply, answered.body, []);
            assert.deepEqual(valueOf(opened), utf8('done'));
          }
        });
      }
    }
  }

  it('the exporter is the same secret on both sides and another one in every session', async () => {
    const world = new World();
    const device = await enrolDevice(world);
    const exporters = new Set<string>();
    for (let round = 0; round < 3; round += 1) {
      const pending = await helloOf(world, device);
      const opened = valueOf(world.answer(valueOf(world.judge(pending.text)), 'none'));
      const session = valueOf(await finishHandshake(device.crypto, pending, opened.answer));
      assert.deepEqual(session.exporter, opened.secrets.exporter);
      exporters.add(toBase64Url(session.exporter));
    }
    assert.equal(exporters.size, 3);
  });

  it('a resumed hello skips re-attestation only: its session is new in every key', async () => {
    const world = new World();
    const device = await enrolDevice(world);
    const first = await openSession(world, device);
    const pending = await helloOf(world, device, { resumeTicket: first.tickets.resumeTicket });
    const accepted = valueOf(world.judge(pending.text));
    assert.deepEqual(accepted.resume?.deviceId, device.deviceId);
    const { answer } = valueOf(world.answer(accepted, 'none'));
    const second = valueOf(await finishHandshake(device.crypto, pending, answer));
    assert.notEqual(second.core.sessionId, first.core.sessionId);
    assert.notDeepEqual(second.exporter, first.exporter);
  });

  it('an expired resume ticket costs the shortcut, not the session', async () => {
    const world = new World();
    const device = await enrolDevice(world);
    const first = await openSession(world, device);
    world.later(7 * 86_400_000);
    const accepted = valueOf(
      world.judge((await helloOf(world, device, { resumeTicket: first.tickets.resumeTicket })).text),
    );
    assert.equal(accepted.resume, undefined);
  });

  it('a device whose generation rose loses its resume shortcut', async () => {
    const world = new World();
    const device = await enrolDevice(world);
    const first = await openSession(world, device);
    world.enrol(device.key.publicKey, { deviceId: device.deviceId, generation: 1 });
    const accepted = valueOf(
      world.judge((await helloOf(world, device, { resumeTicket: first.tickets.resumeTicket })).text),
    );
    assert.equal(accepted.resume, undefined);
  });

  it('the first own suite that has a usable key counts', async () => {
    const world = new World();
    const device = await enrolDevice(world);
    const config = configOf(world.keys, [], { revokedKeys: ['key-HB1-X25519'] });
    const pending = await helloOf(world, device, {
      trusted: { ...device.trusted, config },
      suites: ['HB1-X25519', 'HB1-P256'],
    });
    assert.equal(pending.suite, 'HB1-P256');
  });

  it('a client whose clock is a month off finds the newest key all the same, and a nonce stands in for its clock', async () => {
    for (const days of [-30, 30]) {
      const world = new World();
      const device = await enrolDevice(world);
      const wrong = epochMs(world.now + days * 86_400_000);
      const first = await helloOf(world, device, { now: wrong, freshness: { createdMs: wrong } });
      assert.equal(codeOf(world.judge(first.text)), 'hello.clock');
      const { deviceThumbprint } = valueOf(readHello(first.text)).hello;
      const nonce = issueHelloNonce(world.crypto, world.ports.nonceKey, deviceThumbprint, world.now);
      const second = await helloOf(world, device, { now: wrong, freshness: { nonce } });
      assert.equal(codeOf(world.judge(second.text)), 'accepted');
    }
  });

  it('a session that a revocation overtook is void from its first request', async () => {
    const world = new World();
    const device = await enrolDevice(world);
    const pending = await helloOf(world, device);
    const accepted = valueOf(world.judge(pending.text));
    raiseGeneration(world.gateway.devices, accepted.deviceRow, 1);
    assert.equal(generationOf(world.gateway.devices, accepted.deviceRow), 1);
    const session = valueOf(
      await finishHandshake(device.crypto, pending, valueOf(world.answer(accepted, 'none')).answer),
    );
    assert.equal(codeOf(receive(world, await send(world, device, session))), 'request.revoked');
  });

  it('one page load over the quota ends the oldest session of the device, never refuses the newest hello', async () => {
    const world = new World();
    const device = await enrolDevice(world);
    const sessions = [];
    for (let load = 0; load <= sessionsPerDevice; load += 1) sessions.push(await openSession(world, device));
    const codes = [];
    for (const session of sessions) codes.push(codeOf(receive(world, await send(world, device, session))));
    assert.deepEqual(codes, ['request.session-gone', ...Array<string>(sessionsPerDevice).fill('accepted')]);
  });

  it("one tier's flood fills its own slots and leaves the others'", async () => {
    const world = new World({ tierCounts: [4, 4] });
    for (let flood = 0; flood < 4; flood += 1) await openSession(world, await enrolDevice(world));
    const fifth = await enrolDevice(world);
    const refused = world.answer(valueOf(world.judge((await helloOf(world, fifth)).text)), 'none');
    assert.equal(codeOf(refused), 'hello.table-full');
    const attested = await enrolDevice(world);
    world.enrol(attested.key.publicKey, { deviceId: attested.deviceId, tier: 1 });
    await openSession(world, attested);
    // Sessions without a verified request give way once they are half a minute old.
    world.later(30_000);
    await openSession(world, fifth);
  });
});
