import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type AcceptedHello,
  acceptHello,
  isEarlySafe,
  type OpenedSession,
  type RouteDemand,
  raiseGeneration,
  readEarlyHead,
  type VerifiedRequest,
  verifyRequest,
} from '@hauberk/channel';
import { earlyClientKeys, finishHandshake, openReply, type PendingHello } from '@hauberk/channel/client';
import { accept, epochMs, type Refusal, type Result, toBase64Url, toEpochSeconds, utf8 } from '@hauberk/primitives';
import {
  type Ask,
  codeOf,
  type Device,
  demand,
  enrolDevice,
  headOf,
  helloOf,
  openSession,
  protect,
  replyTo,
  type Sent,
  valueOf,
  type Wire,
} from './fixture/client.ts';
import { withHeader } from './fixture/scene.ts';
import { World } from './fixture/world.ts';

interface Early {
  readonly world: World;
  readonly device: Device;
  readonly pending: PendingHello;
  readonly sent: Sent;
}

const early = async (ask: Ask = {}, world = new World()): Promise<Early> => {
  const device = await enrolDevice(world);
  const { tickets } = await openSession(world, device);
  const pending = await helloOf(world, device, { resumeTicket: tickets.resumeTicket, early: true });
  const keys = await earlyClientKeys(device.crypto, pending);
  const sent = await protect(world, device.crypto, keys, { sequence: 0, ...ask }, { 'hauberk-hello': pending.text });
  return { world, device, pending, sent };
};

interface Received {
  readonly result: Result<VerifiedRequest> | Refusal;
  readonly opened: OpenedSession | undefined;
}

const receiveEarly = (world: World, accepted: AcceptedHello, wire: Wire, route: RouteDemand = demand()): Received => {
  let opened: OpenedSession | undefined;
  const open = (): Result<OpenedSession> => {
    opened = valueOf(world.answer(accepted, 'accepted'));
    return accept(opened);
  };
  const pending = readEarlyHead(world.gateway, accepted, headOf(world, wire), route, open);
  const result = pending.ok ? verifyRequest(world.crypto, pending.value, wire.body, world.now) : pending;
  return { result, opened };
};

describe('early data', () => {
  for (const mode of ['signed', 'sealed'] as const) {
    it(`${mode}: verifies before any answer, and its reply has the keys of the new session`, async () => {
      const { world, device, pending, sent } = await early({ mode });
      const accepted = valueOf(world.judge(pending.text));
      assert.equal(accepted.mayBeEarly, true);
      const { result, opened } = receiveEarly(world, accepted, sent);
      const request = valueOf(result);
      assert.ok(opened !== undefined);
      assert.equal(request.early, true);
      assert.equal(request.facts.deviceRow, opened.state.deviceRow);
      assert.equal(request.facts.expiresAtMs, opened.state.expiresAtMs);
      assert.equal(request.facts.sessionId, toBase64Url(opened.state.sessionId));
      const session = valueOf(await finishHandshake(device.crypto, pending, opened.answer));
      assert.equal(session.core.early, 'accepted');
      const { reply, body } = replyTo(world, request.binding, 200, {}, utf8('early'));
      const plain = await openReply(device.crypto, session.keys, sent.protectedRequest.sent, reply, body, []);
      assert.deepEqual(valueOf(plain), utf8('early'));
    });
  }

  it('an accepted early request is accepted once: its hello is struck off', async () => {
    const { world, pending, sent } = await early();
    valueOf(receiveEarly(world, valueOf(world.judge(pending.text)), sent).result);
    assert.equal(codeOf(world.judge(pending.text)), 'hello.replayed');
  });

  it('a refused one never fails the handshake: the answer says so under finished', async () => {
    const { world, device, pending } = await early();
    const opened = valueOf(world.answer(valueOf(world.judge(pending.text)), 'refused'));
    assert.equal(valueOf(await finishHandshake(device.crypto, pending, opened.answer)).core.early, 'refused');
  });

  const refusals: readonly (readonly [string, string, (scene: Early) => Wire | Promise<Wire>])[] = [
    ['request.unsigned', 'unsigned', ({ sent }) => withHeader(sent, 'signature', undefined)],
    ['request.digest', 'another body', ({ sent }) => ({ ...sent, body: utf8('{}') })],
    ['request.signature', 'another path', ({ sent }) => ({ ...sent, url: '/signed/b?b=1' })],
    ['request.service', 'another service', ({ sent }) => withHeader(sent, 'hauberk-service', 'other')],
    ['request.keyid', 'another hello than the one it goes with', async ({ world }) => (await early({}, world)).sent],
    [
      'request.mode',
      'chunked',
      ({ sent }) => {
        const input = String(sent.headers['signature-input'])
          .replace('"hb1"', '"hb1c"')
          .replace(' "content-digest"', '');
        return withHeader(withHeader(sent, 'signature-input', input), 'signature', `hb=:${'A'.repeat(22)}==:`);
      },
    ],
  ];
  for (const [code, title, spoil] of refusals) {
    it(`${code}: ${title}, and no session is opened for it`, async () => {
      const scene = await early();
      const accepted = valueOf(scene.world.judge(scene.pending.text));
      const wire = await spoil(scene);
      const route = demand({ chunked: true });
      const { result, opened } = receiveEarly(scene.world, accepted, wire, route);
      assert.equal(codeOf(result), code);
      assert.equal(opened, undefined);
    });
  }

  it('request.keyid: another sequence number than zero', async () => {
    const { world, pending, sent } = await early({ sequence: 1 });
    assert.equal(codeOf(receiveEarly(world, valueOf(world.judge(pending.text)), sent).result), 'request.keyid');
  });

  it('request.clock-late, request.clock-ahead: judged before anything is opened', async () => {
    for (const [offset, code] of [
      [-121, 'request.clock-late'],
      [31, 'request.clock-ahead'],
    ] as const) {
      const world = new World();
      const { pending, sent } = await early({ created: toEpochSeconds(world.now) + offset }, world);
      const { result, opened } = receiveEarly(world, valueOf(world.judge(pending.text)), sent);
      assert.equal(codeOf(result), code);
      assert.equal(opened, undefined);
    }
  });

  it('request.revoked: a revocation between hello and claim', async () => {
    const { world, pending, sent } = await early();
    const accepted = valueOf(world.judge(pending.text));
    raiseGeneration(world.gateway.devices, accepted.deviceRow, 1);
    const { result, opened } = receiveEarly(world, accepted, sent);
    assert.equal(codeOf(result), 'request.revoked');
    assert.equal(opened, undefined);
  });

  it('request.session-gone: no room for the session, so nothing is forwarded', async () => {
    const { world, pending, sent } = await early();
    const accepted = valueOf(world.judge(pending.text));
    const pendingRequest = valueOf(
      readEarlyHead(world.gateway, accepted, headOf(world, sent), demand(), () => ({
        ok: false,
        code: 'hello.table-full',
      })),
    );
    assert.equal(codeOf(verifyRequest(world.crypto, pendingRequest, sent.body, world.now)), 'request.session-gone');
  });

  const closed: readonly (readonly [string, (scene: Early) => Promise<PendingHello> | PendingHello])[] = [
    ['without a resume ticket', ({ world, device }) => helloOf(world, device, { early: true })],
    [
      'when not asked for',
      async ({ world, device }) => {
        const { tickets } = await openSession(world, device);
        return helloOf(world, device, { resumeTicket: tickets.resumeTicket });
      },
    ],
    [
      'with an expired resume ticket',
      async ({ world, device }) => {
        const { tickets } = await openSession(world, device);
        world.later(6.9 * 86_400_000);
        const pending = await helloOf(world, device, {
          resumeTicket: tickets.resumeTicket,
          early: true,
          freshness: { createdMs: epochMs(world.now + 86_400_00) },
        });
        world.later(86_400_00);
        return pending;
      },
    ],
    [
      'after the device changed its generation',
      async ({ world, device }) => {
        const { tickets } = await openSession(world, device);
        world.enrol(device.key.publicKey, { deviceId: device.deviceId, generation: 1 });
        return helloOf(world, device, { resumeTicket: tickets.resumeTicket, early: true });
      },
    ],
    [
      'after a revocation that the record does not know yet',
      ({ world, pending }) => {
        for (let row = 0; row < world.gateway.devices.capacity; row += 1)
          raiseGeneration(world.gateway.devices, row, 1);
        return pending;
      },
    ],
  ];
  for (const [title, make] of closed) {
    it(`stays closed ${title}, and a gateway that takes it all the same is stopped`, async () => {
      const scene = await early();
      const accepted = valueOf(scene.world.judge((await make(scene)).text));
      assert.equal(accepted.mayBeEarly, false);
      assert.equal(codeOf(receiveEarly(scene.world, accepted, scene.sent).result), 'request.mode');
      if (accepted.received.hello.early) assert.throws(() => scene.world.answer(accepted, 'accepted'), /early data/);
      else assert.equal(valueOf(scene.world.answer(accepted, 'accepted')).answer.includes('.'), true);
    });
  }

  it('stays closed after a start until the memory reaches back, and on every other node', async () => {
    const { world, device } = await early();
    const { tickets } = await openSession(world, device);
    const hello = await helloOf(world, device, { resumeTicket: tickets.resumeTicket, early: true });
    const young = { ...world.ports, earlyFrom: epochMs(world.now + 1) };
    assert.equal(valueOf(acceptHello(world.gateway, young, hello.text, world.now)).mayBeEarly, false);
    const again = await helloOf(world, device, { resumeTicket: tickets.resumeTicket, early: true });
    const elsewhere = { ...world.gateway, owner: { node: 4, boot: 1 } };
    assert.equal(valueOf(acceptHello(elsewhere, world.ports, again.text, world.now)).mayBeEarly, false);
  });

  it('only safe methods and honoured idempotency keys', () => {
    const table: readonly (readonly [string, boolean, boolean])[] = [
      ['GET', false, true],
      ['HEAD', false, true],
      ['POST', false, false],
      ['POST', true, true],
      ['DELETE', false, false],
      ['OPTIONS', false, false],
    ];
    for (const [method, keyed, safe] of table) assert.equal(isEarlySafe(method, keyed), safe, method);
  });
});
