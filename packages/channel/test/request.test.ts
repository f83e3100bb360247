import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  openTicket,
  raiseGeneration,
  readProtectedHead,
  requestNonce,
  sealTicket,
  verifyRequest,
  verifyUnseenBody,
} from '@hauberk/channel';
import { epochMs, fromBase64Url, toBase64Url, toEpochSeconds } from '@hauberk/primitives';
import { codeOf, demand, headOf, openSession, receive, valueOf, type Wire } from './fixture/client.ts';
import { flipByte } from './fixture/documents.ts';
import { requestCases } from './fixture/request-cases.ts';
import { ask, headerOf, scene, sealedDemand, withHeader } from './fixture/scene.ts';

const unprovable = new Set(['request.clock-late', 'request.clock-ahead']);

describe('request refusals', () => {
  for (const { code, title, route, make } of requestCases) {
    it(`${code}: ${title}`, async () => {
      const here = await scene();
      const refused = receive(here.world, await make(here), route ?? demand());
      assert.equal(codeOf(refused), code);
      // Only the call that claimed the sequence number may answer bound.
      assert.equal(!refused.ok && refused.binding !== undefined, unprovable.has(code));
    });
  }

  it('a refused forgery does not use up the sequence number: the honest request passes afterwards', async () => {
    for (const mode of ['signed', 'sealed'] as const) {
      const here = await scene();
      const sent = await ask(here, { mode });
      const forged = { ...sent, body: Uint8Array.from([1, 2, 3]) };
      for (let attempt = 0; attempt < 10; attempt += 1)
        assert.notEqual(codeOf(receive(here.world, forged)), 'accepted');
      assert.equal(codeOf(receive(here.world, sent)), 'accepted');
    }
  });

  it('a request judged too late has used up its number: the same bytes never pass with a better clock', async () => {
    const here = await scene();
    const sent = await ask(here, { created: toEpochSeconds(here.world.now) + 31 });
    assert.equal(codeOf(receive(here.world, sent)), 'request.clock-ahead');
    here.world.later(5000);
    assert.equal(codeOf(receive(here.world, sent)), 'request.replayed');
  });

  it('created is accepted up to its limits, both ways', async () => {
    const here = await scene();
    const now = toEpochSeconds(here.world.now);
    assert.equal(codeOf(receive(here.world, await ask(here, { created: now - 120, sequence: 1 }))), 'accepted');
    assert.equal(codeOf(receive(here.world, await ask(here, { created: now + 30, sequence: 2 }))), 'accepted');
    assert.equal(
      codeOf(receive(here.world, await ask(here, { created: now - 121, sequence: 3 }))),
      'request.clock-late',
    );
  });

  it('the age is judged when the head is complete, not when the body is', async () => {
    const here = await scene();
    const sent = await ask(here, { created: toEpochSeconds(here.world.now) - 119 });
    const pending = valueOf(readProtectedHead(here.world.gateway, headOf(here.world, sent), demand()));
    here.world.later(60_000);
    assert.equal(codeOf(verifyRequest(here.world.crypto, pending, sent.body, here.world.now)), 'accepted');
  });

  it('a revocation between head and body still counts', async () => {
    const here = await scene();
    const sent = await ask(here);
    const pending = valueOf(readProtectedHead(here.world.gateway, headOf(here.world, sent), demand()));
    raiseGeneration(here.world.gateway.devices, pending.facts.deviceRow, 1);
    assert.equal(codeOf(verifyRequest(here.world.crypto, pending, sent.body, here.world.now)), 'request.revoked');
  });

  it('of two copies in flight at once, both past the peek, exactly one is accepted', async () => {
    const here = await scene();
    const sent = await ask(here);
    const heads = [1, 2, 3].map(() =>
      valueOf(readProtectedHead(here.world.gateway, headOf(here.world, sent), demand())),
    );
    const codes = heads.map((pending) => codeOf(verifyRequest(here.world.crypto, pending, sent.body, here.world.now)));
    assert.deepEqual(codes, ['accepted', 'request.replayed', 'request.replayed']);
  });

  it('a signed route takes sealed requests, a ticket sealed under the key before still opens', async () => {
    const here = await scene();
    assert.equal(codeOf(receive(here.world, await ask(here, { mode: 'sealed' }))), 'accepted');
    const { gateway } = here.world;
    const ring = gateway.ticketKeys();
    const next = { id: 2, key: gateway.crypto.importAead(gateway.crypto.random(32)) };
    const rotated = { ...gateway, ticketKeys: () => ({ current: next, alsoOpens: [ring.current] }) };
    const sent = await ask(here, { sequence: 2 });
    assert.equal(codeOf(readProtectedHead(rotated, headOf(here.world, sent), demand())), 'accepted');
    const dropped = { ...gateway, ticketKeys: () => ({ current: next, alsoOpens: [] }) };
    assert.equal(codeOf(readProtectedHead(dropped, headOf(here.world, sent), demand())), 'request.ticket-key');
  });

  it('blanks around a covered value are no part of it, and an empty query is a query', async () => {
    const here = await scene();
    const sent = await ask(here, { headers: { 'x-channel': 'app' }, url: '/signed/a' });
    const spaced = withHeader({ ...sent, url: '/signed/a?' }, 'x-channel', ' \tapp ');
    assert.equal(codeOf(receive(here.world, spaced)), 'accepted');
  });

  it('every bit of signature and signature input is covered', async () => {
    const here = await scene();
    const sent = await ask(here, { headers: { authorization: 'Bearer abc' } });
    for (const name of ['signature', 'signature-input', 'content-digest', 'authorization', 'hauberk-service']) {
      const value = headerOf(sent, name);
      for (let index = 0; index < value.length; index += 1) {
        const changed =
          value.slice(0, index) + String.fromCharCode(value.charCodeAt(index) ^ 1) + value.slice(index + 1);
        assert.notEqual(codeOf(receive(here.world, withHeader(sent, name, changed))), 'accepted', `${name}[${index}]`);
      }
    }
    assert.equal(codeOf(receive(here.world, sent)), 'accepted');
  });

  it('every byte of a sealed body and of a ticket is covered', async () => {
    const here = await scene();
    const sent = await ask(here, { mode: 'sealed' });
    const ticket = headerOf(sent, 'hauberk-ticket');
    const length = fromBase64Url(ticket)?.length ?? 0;
    assert.ok(length > 200);
    for (let index = 0; index < length; index += 1) {
      const spoilt = withHeader(sent, 'hauberk-ticket', flipByte(ticket, index, 1 << (index % 8)));
      assert.notEqual(codeOf(receive(here.world, spoilt, sealedDemand)), 'accepted', `ticket byte ${index}`);
    }
    for (let index = 0; index < sent.body.length; index += 1) {
      const body = Uint8Array.from(sent.body);
      body[index] = (body[index] ?? 0) ^ (1 << (index % 8));
      assert.equal(codeOf(receive(here.world, { ...sent, body }, sealedDemand)), 'request.seal');
    }
    assert.equal(codeOf(receive(here.world, sent, sealedDemand)), 'accepted');
  });

  it('no two sealed requests of a session share a nonce, and no two sessions share an IV', async () => {
    const here = await scene();
    const nonces = new Set<string>();
    for (let sequence = 0; sequence < 5000; sequence += 1)
      nonces.add(toBase64Url(requestNonce(here.session.keys.requestIv, sequence)));
    assert.equal(nonces.size, 5000);
    const ivs = new Set<string>();
    for (let load = 0; load < 50; load += 1)
      ivs.add(toBase64Url((await openSession(here.world, here.device)).keys.requestIv));
    assert.equal(ivs.size, 50);
  });

  it('a head whose body a proxy keeps to itself is verified, claimed and judged like any other, signed only', async () => {
    const here = await scene();
    const { world } = here;
    const unseen = (wire: Wire): string => {
      const pending = readProtectedHead(world.gateway, headOf(world, wire), demand());
      return codeOf(pending.ok ? verifyUnseenBody(world.crypto, pending.value, world.now) : pending);
    };
    const sent = await ask(here);
    assert.equal(unseen({ ...sent, url: '/signed/other' }), 'request.signature');
    assert.equal(unseen(withHeader(sent, 'content-digest', 'sha-256=:AAAA:')), 'request.signature');
    assert.equal(unseen(await ask(here, { mode: 'sealed', sequence: 2 })), 'request.mode');
    assert.equal(unseen(sent), 'accepted');
    assert.equal(unseen(sent), 'request.replayed');
    assert.equal(unseen(await ask(here, { sequence: 3, created: 1 })), 'request.clock-late');
  });

  it('a restart voids every ticket of the boot before, though its keys and tables were the same', async () => {
    const here = await scene();
    const sent = await ask(here);
    const rebooted = { ...here.world.gateway, owner: { node: 3, boot: 2 } };
    assert.equal(codeOf(readProtectedHead(rebooted, headOf(here.world, sent), demand())), 'request.ticket-boot');
  });

  it('a ticket whose names hold a separator opens for nobody', async () => {
    const { world } = await scene();
    const secret = new Uint8Array(32);
    const keys = { requestMac: secret, requestAead: secret, replyMac: secret, replyAead: secret, chunk: secret };
    const ticket = sealTicket(world.crypto, world.gateway.ticketKeys(), world.gateway.owner, {
      organisation: 'a\nb',
      app: 'c',
      service: 'retail',
      sessionId: new Uint8Array(16),
      deviceId: new Uint8Array(16),
      tier: 0,
      attested: 'platform=android;level=tee',
      session: { slot: 0, generation: 1 },
      deviceRow: 0,
      deviceGeneration: 0,
      expiresAtMs: epochMs(world.now + 1000),
      requestIv: new Uint8Array(12),
      ...keys,
    });
    const opened = openTicket(world.crypto, world.gateway.ticketKeys(), world.gateway.owner, ticket, world.now);
    assert.equal(codeOf(opened), 'request.ticket-seal');
  });
});
