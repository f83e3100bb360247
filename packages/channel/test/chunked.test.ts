import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type ChunkedRequest,
  type ChunkOpener,
  encodeChunkHeader,
  maxChunkLength,
  openChunkedRequest,
  protectChunkedReply,
  type RouteDemand,
  readChunkHeader,
  readProtectedHead,
  streamDeadline,
  verifyRequest,
} from '@hauberk/channel';
import {
  isChunkedReply,
  openChunkedReply,
  openReply,
  type ReceivedReply,
  sealChunkedRequest,
} from '@hauberk/channel/client';
import { concat, toEpochSeconds, utf8 } from '@hauberk/primitives';
import fc from 'fast-check';
import { codeOf, demand, headOf, receive, valueOf, type Wire } from './fixture/client.ts';
import { type Scene, scene, withHeader } from './fixture/scene.ts';
import { seeded } from './fixture/seed.ts';
import { service } from './fixture/world.ts';

const streamed: RouteDemand = demand({ mode: 'sealed', chunked: true });

interface Upload extends Wire {
  readonly frames: readonly Uint8Array[];
  readonly sent: Parameters<typeof openReply>[2];
}

const upload = async (
  { world, device, session }: Scene,
  chunks: readonly Uint8Array[],
  sequence = 1,
): Promise<Upload> => {
  const method = 'POST';
  const url = '/stream/a';
  const outgoing = await sealChunkedRequest(
    device.crypto,
    session.keys,
    {
      target: { method, path: url, query: '?' },
      headers: { 'hauberk-ticket': session.tickets.ticket },
      service,
      route: { coveredHeaders: [] },
    },
    { sequence, created: toEpochSeconds(world.now) },
  );
  const frames: Uint8Array[] = [];
  for (const [index, chunk] of chunks.entries())
    frames.push(await outgoing.sealChunk(chunk, index === chunks.length - 1));
  const { headers, body, sent } = outgoing.head;
  return { method, url, headers, body, frames, sent };
};

const opened = (
  { world }: Scene,
  wire: Wire,
): { readonly ok: true; readonly value: ChunkedRequest } | { readonly ok: false; readonly code: string } => {
  const pending = readProtectedHead(world.gateway, headOf(world, wire), streamed);
  return pending.ok ? openChunkedRequest(world.crypto, pending.value, world.now) : pending;
};

/** The plain bytes of frames up to the first that does not open; `ended` when the final one did. */
const drain = (
  opener: ChunkOpener,
  frames: readonly Uint8Array[],
): { readonly plain: Uint8Array; readonly ended: boolean } => {
  const parts: Uint8Array[] = [];
  for (const [index, frame] of frames.entries()) {
    const chunk = opener.open(frame.subarray(0, 4), frame.subarray(4));
    if (chunk === undefined) return { plain: concat(...parts), ended: false };
    parts.push(chunk.plaintext);
    if (chunk.final) return { plain: concat(...parts), ended: index === frames.length - 1 };
  }
  return { plain: concat(...parts), ended: false };
};

const words = ['one', 'two', '', 'three'].map(utf8);

describe('chunked requests', () => {
  it('the head is verified and claimed alone, the body chunk by chunk', async () => {
    const here = await scene();
    const sent = await upload(here, words);
    const { request, opener } = valueOf(opened(here, sent));
    assert.equal(request.body.length, 0);
    assert.equal(streamDeadline(request), here.session.core.expiresAtMs);
    assert.deepEqual(drain(opener, sent.frames), { plain: utf8('onetwothree'), ended: true });
    assert.equal(codeOf(opened(here, sent)), 'request.replayed');
  });

  const disorders: readonly (readonly [string, (frames: readonly Uint8Array[]) => readonly Uint8Array[]])[] = [
    ['two swapped', ([a, b, ...rest]) => [b, a, ...rest].filter((frame) => frame !== undefined)],
    ['the first dropped', (frames) => frames.slice(1)],
    ['one in the middle dropped', (frames) => frames.filter((_, index) => index !== 1)],
    ['the final dropped', (frames) => frames.slice(0, -1)],
    ['one twice', ([a, ...rest]) => [a, a, ...rest].filter((frame) => frame !== undefined)],
    ['one more after the final', (frames) => [...frames, ...frames.slice(0, 1)]],
    ['none at all', () => []],
    ['one cut short', ([a, ...rest]) => [(a ?? new Uint8Array(0)).subarray(0, -1), ...rest]],
    [
      'the final flag set early',
      ([a, ...rest]) => [Uint8Array.from(a ?? [], (byte, index) => (index === 0 ? byte | 0x80 : byte)), ...rest],
    ],
    [
      'the final flag taken off',
      (frames) => frames.map((frame) => Uint8Array.from(frame, (byte, index) => (index === 0 ? byte & 0x7f : byte))),
    ],
    [
      'a byte changed',
      ([a, ...rest]) => [Uint8Array.from(a ?? [], (byte, index) => (index === 5 ? byte ^ 1 : byte)), ...rest],
    ],
    ['a header alone', ([a, ...rest]) => [(a ?? new Uint8Array(0)).subarray(0, 4), ...rest]],
  ];
  for (const [title, disorder] of disorders) {
    it(`frames with ${title} do not end well, and nothing opens after the fault`, async () => {
      const here = await scene();
      const sent = await upload(here, words);
      const { opener } = valueOf(opened(here, sent));
      const frames = disorder(sent.frames);
      assert.equal(drain(opener, frames).ended, false);
      if (title === 'the final dropped' || title === 'none at all') return;
      for (const frame of sent.frames) assert.equal(opener.open(frame.subarray(0, 4), frame.subarray(4)), undefined);
    });
  }

  it('any prefix, subset or order of frames but the true one fails', async () => {
    const here = await scene();
    const sent = await upload(here, words);
    const pick = fc.array(fc.nat(words.length - 1), { maxLength: 6 });
    const { opener: _, ...claimed } = valueOf(opened(here, sent));
    assert.equal(claimed.request.tag, 'hb1c');
    let sequence = 1;
    await fc.assert(
      fc.asyncProperty(pick, async (order) => {
        fc.pre(order.join() !== '0,1,2,3');
        sequence += 1;
        const again = await upload(here, words, sequence);
        const { opener } = valueOf(opened(here, again));
        const frames = order.flatMap((index) => again.frames[index] ?? []);
        assert.equal(drain(opener, frames).ended, false);
      }),
      seeded('chunk order', 100),
    );
  });

  it('frames of another request, or of another session, do not open', async () => {
    const here = await scene();
    const first = await upload(here, words, 1);
    const second = await upload(here, words, 2);
    const { opener } = valueOf(opened(here, first));
    assert.deepEqual(drain(opener, second.frames), { plain: new Uint8Array(0), ended: false });
  });

  it('request.seal: a head that was changed, whatever in it', async () => {
    const here = await scene();
    const sent = await upload(here, words);
    const input = String(sent.headers['signature-input']);
    assert.equal(codeOf(opened(here, { ...sent, url: '/stream/b' })), 'request.seal');
    const later = withHeader(sent, 'signature-input', input.replace('created=1', 'created=2'));
    assert.equal(codeOf(opened(here, later)), 'request.seal');
    assert.equal(codeOf(opened(here, sent)), 'accepted');
  });

  it('request.mode: a chunked request is not taken as one in one piece, nor the other way round', async () => {
    const here = await scene();
    const sent = await upload(here, words);
    const pending = valueOf(readProtectedHead(here.world.gateway, headOf(here.world, sent), streamed));
    assert.equal(codeOf(verifyRequest(here.world.crypto, pending, sent.body, here.world.now)), 'request.mode');
    assert.equal(codeOf(receive(here.world, sent, demand({ mode: 'sealed' }))), 'request.mode');
    const relabelled = withHeader(
      sent,
      'signature-input',
      String(sent.headers['signature-input']).replace('hb1c', 'hb1s'),
    );
    assert.equal(codeOf(receive(here.world, relabelled, streamed)), 'request.seal');
  });

  it('a frame header tells at most the cap, and a longer chunk is a fault of its maker', () => {
    const full = encodeChunkHeader({ final: true, plaintextLength: maxChunkLength });
    assert.deepEqual(readChunkHeader(full), { final: true, plaintextLength: maxChunkLength });
    assert.equal(readChunkHeader(Uint8Array.of(0, 1, 0, 1)), undefined);
    assert.equal(readChunkHeader(Uint8Array.of(0x7f, 255, 255, 255)), undefined);
    assert.throws(() => encodeChunkHeader({ final: false, plaintextLength: maxChunkLength + 1 }), RangeError);
  });
});

describe('chunked replies', () => {
  const reply = async (here: Scene) => {
    const sent = await upload(here, words);
    const { request } = valueOf(opened(here, sent));
    const headers = { 'content-type': 'text/event-stream' };
    const head = { status: 200, headers };
    const made = protectChunkedReply(here.world.crypto, request.binding, head, [], here.world.now);
    const received: ReceivedReply = { status: 200, headers: { ...headers, ...made.addedHeaders } };
    return { sent: sent.sent, received, sealer: made.sealer };
  };

  it('heartbeats and chunks open in order, the final mark ends them', async () => {
    const here = await scene();
    const { sent, received, sealer } = await reply(here);
    assert.equal(isChunkedReply(received), true);
    const opener = valueOf(await openChunkedReply(here.device.crypto, here.session.keys, sent, received, []));
    for (const [text, final] of [
      ['', false],
      ['tick', false],
      ['', true],
    ] as const) {
      const frame = sealer.seal(utf8(text), final);
      const chunk = await opener.open(frame.subarray(0, 4), frame.subarray(4));
      assert.deepEqual(chunk, { plaintext: utf8(text), final });
    }
    const after = sealer.seal(utf8('more'), false);
    assert.equal(await opener.open(after.subarray(0, 4), after.subarray(4)), undefined);
  });

  it('a dropped frame ends the stream for good', async () => {
    const here = await scene();
    const { sent, received, sealer } = await reply(here);
    const opener = valueOf(await openChunkedReply(here.device.crypto, here.session.keys, sent, received, []));
    const [, second, third] = ['a', 'b', 'c'].map((text) => sealer.seal(utf8(text), false));
    for (const frame of [second, second, third]) {
      assert.ok(frame !== undefined);
      assert.equal(await opener.open(frame.subarray(0, 4), frame.subarray(4)), undefined);
    }
  });

  it('reply.seal: another status, or the reply to another request', async () => {
    const here = await scene();
    const { sent, received } = await reply(here);
    const { crypto } = here.device;
    const { keys } = here.session;
    assert.equal(codeOf(await openChunkedReply(crypto, keys, sent, { ...received, status: 206 }, [])), 'reply.seal');
    const other = {
      ...sent,
      signature: sent.signature.replace(/^hb=:./, (start) => (start.endsWith('A') ? 'hb=:B' : 'hb=:A')),
    };
    assert.equal(codeOf(await openChunkedReply(crypto, keys, other, received, [])), 'reply.seal');
  });

  it('reply.malformed: chunks where one piece is read, one piece where chunks are', async () => {
    const here = await scene();
    const { sent, received } = await reply(here);
    const { crypto } = here.device;
    const { keys } = here.session;
    assert.equal(codeOf(await openReply(crypto, keys, sent, received, new Uint8Array(0), [])), 'reply.malformed');
    const relabelled = String(received.headers['signature-input']).replace('hb1rc', 'hb1rs');
    const asOne = { ...received, headers: { ...received.headers, 'signature-input': relabelled } };
    assert.equal(codeOf(await openReply(crypto, keys, sent, asOne, new Uint8Array(0), [])), 'reply.seal');
    assert.equal(codeOf(await openChunkedReply(crypto, keys, sent, asOne, [])), 'reply.malformed');
  });
});
