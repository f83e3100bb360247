import { readHello } from '@hauberk/channel';
import { context, signDocumentAsync } from '@hauberk/channel/client';
import { nodeAsyncCrypto as crypto } from '@hauberk/crypto/node';
import { toBase64Url, utf8 } from '@hauberk/primitives';
import type { Attack } from './attack.ts';
import { problemOf } from './http-call.ts';
import { enrol, makeHello, openSession, sendHello } from './wire-client.ts';

/** The attacker rewrites the offered suites, in the hello on the way and in one that the device signs. */
export const attack: Attack = {
  id: 'downgrade-suite',
  title: 'the offered suites are rewritten on the way',
  expected: 'a rewritten hello is refused; an unknown first suite is refused, never replaced',
  run: async (world) => {
    const target = world.target();
    const device = await enrol(target);
    const pending = await makeHello(target, device);
    const [payload = '', signature = ''] = pending.text.split('.');
    const json = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Record<string, unknown>;
    const rewritten = `${toBase64Url(utf8(JSON.stringify({ ...json, suites: ['HB1-P256', 'HB1-NULL'] })))}.${signature}`;
    const onTheWay = await sendHello(target, rewritten);
    const weak = await signDocumentAsync(crypto, device.key.privateKey, context.hello, {
      ...json,
      suites: ['HB1-NULL', 'HB1-P256'],
    });
    const unknownFirst = await sendHello(target, weak);
    const codes = [onTheWay, unknownFirst].map((reply) => `${reply.status} ${problemOf(reply)}`);
    return { observed: codes.join(', '), held: onTheWay.status === 403 && unknownFirst.status >= 400 };
  },
  control: async (world) => {
    const target = world.target();
    const device = await enrol(target);
    const pending = await makeHello(target, device);
    return readHello(pending.text).ok && (await openSession(target, device)).ticket.length > 0;
  },
};
