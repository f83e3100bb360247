import { readHello } from '@hauberk/channel';
import { context, signDocumentAsync, thumbprintInput } from '@hauberk/channel/client';
import { nodeAsyncCrypto as crypto } from '@hauberk/crypto/node';
import { toBase64Url } from '@hauberk/primitives';
import type { Attack } from './attack.ts';
import { enrol, makeHello, openAnswer, openSession, sendHello } from './wire-client.ts';

/** The attacker takes the victim's hello, puts his own device around the victim's key share and signs it. */
export const attack: Attack = {
  id: 'hello-resigned',
  title: "a hello re-signed with another device's key around the victim's share",
  expected: 'the victim does not believe the answer: no session under the wrong device',
  run: async (world) => {
    const target = world.target();
    const victim = await enrol(target);
    const mallory = await enrol(target);
    const pending = await makeHello(target, victim);
    const json = JSON.parse(Buffer.from(pending.text.split('.')[0] ?? '', 'base64url').toString('utf8')) as Record<
      string,
      unknown
    >;
    const device = toBase64Url(await crypto.sha256(thumbprintInput(mallory.key.publicKey)));
    const resigned = await signDocumentAsync(crypto, mallory.key.privateKey, context.hello, { ...json, device });
    const reply = await sendHello(target, resigned);
    const believed = await openAnswer(victim, pending, Buffer.from(reply.body).toString('utf8')).then(
      () => true,
      () => false,
    );
    return {
      observed: `gateway ${reply.status}, victim ${believed ? 'believes it' : 'refuses the answer'}`,
      held: !believed,
    };
  },
  control: async (world) => {
    const target = world.target();
    const device = await enrol(target);
    const pending = await makeHello(target, device);
    return readHello(pending.text).ok && (await openSession(target, device)).ticket.length > 0;
  },
};
