import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ReplyBinding } from '@hauberk/channel';
import { isBoundReply, isChunkedReply, openReply, type ReceivedReply, type SentRequest } from '@hauberk/channel/client';
import { utf8 } from '@hauberk/primitives';
import { codeOf, openSession, receive, replyTo, valueOf } from './fixture/client.ts';
import { ask, type Scene, scene } from './fixture/scene.ts';

interface Answered {
  readonly here: Scene;
  readonly binding: ReplyBinding;
  readonly sent: SentRequest;
  readonly reply: ReceivedReply;
  readonly body: Uint8Array;
}

const declared = ['location'];

const answered = async (mode: 'signed' | 'sealed', here?: Scene, sequence = 1): Promise<Answered> => {
  const stage = here ?? (await scene());
  const request = await ask(stage, { mode, sequence });
  const { binding } = valueOf(receive(stage.world, request));
  const headers = { 'content-type': 'application/json', location: '/transfers/9' };
  const { reply, body } = replyTo(stage.world, binding, 201, headers, utf8('{"id":9}'), declared);
  return { here: stage, binding, sent: request.protectedRequest.sent, reply, body };
};

const judge = async (
  { here, sent, reply, body }: Answered,
  over: { readonly reply?: ReceivedReply; readonly body?: Uint8Array; readonly sent?: SentRequest } = {},
): Promise<string> =>
  codeOf(
    await openReply(
      here.device.crypto,
      here.session.keys,
      over.sent ?? sent,
      over.reply ?? reply,
      over.body ?? body,
      declared,
    ),
  );

const withHeader = (reply: ReceivedReply, name: string, value: string | undefined): ReceivedReply => ({
  ...reply,
  headers: { ...reply.headers, [name]: value },
});

const spoils: readonly (readonly [
  string,
  Record<'signed' | 'sealed', string>,
  (reply: ReceivedReply) => ReceivedReply,
])[] = [
  [
    'no signature',
    { signed: 'reply.unbound', sealed: 'reply.unbound' },
    (reply) => withHeader(reply, 'signature', undefined),
  ],
  [
    'no signature input',
    { signed: 'reply.unbound', sealed: 'reply.unbound' },
    (reply) => withHeader(reply, 'signature-input', undefined),
  ],
  ['another status', { signed: 'reply.signature', sealed: 'reply.seal' }, (reply) => ({ ...reply, status: 200 })],
  [
    'another content type',
    { signed: 'reply.signature', sealed: 'reply.seal' },
    (reply) => withHeader(reply, 'content-type', 'text/html'),
  ],
  [
    'no content type',
    { signed: 'reply.malformed', sealed: 'reply.malformed' },
    (reply) => withHeader(reply, 'content-type', undefined),
  ],
  [
    'another declared header',
    { signed: 'reply.signature', sealed: 'reply.seal' },
    (reply) => withHeader(reply, 'location', '/evil'),
  ],
  [
    'a declared header removed',
    { signed: 'reply.malformed', sealed: 'reply.malformed' },
    (reply) => withHeader(reply, 'location', undefined),
  ],
  [
    'a signature of nothing',
    { signed: 'reply.signature', sealed: 'reply.malformed' },
    (reply) => withHeader(reply, 'signature', 'hb=::'),
  ],
  [
    'a signature that is no base64',
    { signed: 'reply.malformed', sealed: 'reply.malformed' },
    (reply) => withHeader(reply, 'signature', 'hb=:*:'),
  ],
  [
    'a parameter too many',
    { signed: 'reply.malformed', sealed: 'reply.malformed' },
    (reply) => withHeader(reply, 'signature-input', `${reply.headers['signature-input']};x`),
  ],
  [
    'the session of another',
    { signed: 'reply.signature', sealed: 'reply.signature' },
    (reply) =>
      withHeader(
        reply,
        'signature-input',
        reply.headers['signature-input']?.replace(/keyid="[^"]+"/, `keyid="${'A'.repeat(22)}"`),
      ),
  ],
  [
    'a binding component left out',
    { signed: 'reply.malformed', sealed: 'reply.malformed' },
    (reply) => withHeader(reply, 'signature-input', reply.headers['signature-input']?.replace(' "signature";req', '')),
  ],
  [
    'created changed',
    { signed: 'reply.signature', sealed: 'reply.seal' },
    (reply) =>
      withHeader(reply, 'signature-input', reply.headers['signature-input']?.replace(/created=1/, 'created=2')),
  ],
];

describe('replies', () => {
  for (const mode of ['signed', 'sealed'] as const) {
    it(`${mode}: the real reply opens, again and again, to the same bytes`, async () => {
      const real = await answered(mode);
      assert.equal(await judge(real), 'accepted');
      assert.equal(isBoundReply(real.reply), true);
      assert.equal(isChunkedReply(real.reply), false);
    });
    for (const [title, codes, spoil] of spoils) {
      it(`${codes[mode]}: ${mode}, ${title}`, async () => {
        const real = await answered(mode);
        assert.equal(await judge(real, { reply: spoil(real.reply) }), codes[mode]);
      });
    }
    it(`${mode}: every byte of the body is covered, and its length`, async () => {
      const real = await answered(mode);
      const code = mode === 'signed' ? 'reply.digest' : 'reply.seal';
      for (let index = 0; index < real.body.length; index += 1) {
        const body = Uint8Array.from(real.body);
        body[index] = (body[index] ?? 0) ^ 0x80;
        assert.equal(await judge(real, { body }), code);
      }
      assert.equal(await judge(real, { body: real.body.subarray(1) }), code);
    });
    it(`${mode}: the reply to another request of the same session is refused`, async () => {
      const first = await answered(mode);
      const second = await answered(mode, first.here, 2);
      const code = mode === 'signed' ? 'reply.signature' : 'reply.seal';
      assert.equal(await judge(first, { reply: second.reply, body: second.body }), code);
    });
    it(`${mode}: the reply of another session is refused`, async () => {
      const first = await answered(mode);
      const session = await openSession(first.here.world, first.here.device);
      const other = await answered(mode, { ...first.here, session });
      assert.equal(await judge(first, { reply: other.reply, body: other.body }), 'reply.signature');
    });
  }

  it('a merely signed reply never answers a sealed request', async () => {
    const real = await answered('sealed');
    const { binding, here } = real;
    const lowered = { ...binding, requestTag: 'hb1' } as ReplyBinding;
    const { reply, body } = replyTo(here.world, lowered, 200, {}, utf8('{}'), declared);
    assert.equal(await judge(real, { reply, body }), 'reply.malformed');
  });

  it('two replies to one request never share a nonce, also when somebody swallowed the first', async () => {
    const { here, binding } = await answered('sealed');
    const nonces = new Set<string>();
    for (let reply = 0; reply < 1000; reply += 1) {
      const made = replyTo(here.world, binding, 200, {}, utf8('{}'));
      nonces.add(/nonce="([^"]+)"/.exec(made.reply.headers['signature-input'] ?? '')?.[1] ?? '');
    }
    assert.equal(nonces.size, 1000);
  });
});
