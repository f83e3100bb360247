/** Handshakes: hello, answer, every derived key; and answers that must not be believed. */
import { deriveSecrets, earlySecrets, readAnswer, type SuiteId, transcriptOf } from '@hauberk/channel';
import type { PendingHello } from '@hauberk/channel/client';
import { toBase64Url, utf8 } from '@hauberk/primitives';
import { type Device, enrolDevice, helloOf, valueOf } from '../test/fixture/client.ts';
import { flipByte, respell } from '../test/fixture/documents.ts';
import { awaited, scriptedCrypto } from '../test/fixture/scripted-crypto.ts';
import { World } from '../test/fixture/world.ts';
import { hex, type Json, type Vector, type VectorFile } from './vector.ts';

const hexed = (secrets: object): { readonly [name: string]: Json } =>
  Object.fromEntries(Object.entries(secrets).map(([name, bytes]) => [`${name}Hex`, hex(bytes)]));

interface Scene {
  readonly world: World;
  readonly device: Device;
  readonly pending: PendingHello;
  readonly given: { readonly [name: string]: Json };
}

const begin = async (seed: string, suite: SuiteId, resume: boolean): Promise<Scene> => {
  const crypto = scriptedCrypto(seed);
  const world = new World({ crypto });
  const device = await enrolDevice(world, awaited(crypto));
  const first = resume ? await sessionOf(world, device) : null;
  const pending = await helloOf(world, device, { suites: [suite], resumeTicket: first, early: resume });
  const { publicKey } = world.keys.config;
  const given = {
    configDocument: world.configText,
    configKey: toBase64Url(publicKey),
    timeFloorMs: pending.trusted.timeFloor,
    suite,
    devicePublicKey: toBase64Url(device.key.publicKey),
    clientEphemeralScalarHex: hex(pending.ephemeral.privateKey.handle as Uint8Array),
    configScalarHex: hex(world.keys.agreement[suite].privateKey.handle as Uint8Array),
    early: resume,
    hello: pending.text,
  };
  return { world, device, pending, given };
};

const sessionOf = async (world: World, device: Device): Promise<string> => {
  const hello = await helloOf(world, device);
  const { answer } = valueOf(world.answer(valueOf(world.judge(hello.text)), 'none'));
  return valueOf(readAnswer(answer)).tickets.resumeTicket;
};

const good = async (suite: SuiteId, resume: boolean): Promise<readonly Vector[]> => {
  const { world, pending, given } = await begin(`handshake ${suite} ${resume}`, suite, resume);
  const accepted = valueOf(world.judge(pending.text));
  const early = hexed(earlySecrets(world.gateway, accepted));
  const opened = valueOf(world.answer(accepted, resume ? 'refused' : 'none'));
  const { coreText } = valueOf(readAnswer(opened.answer));
  const transcript = hex(world.crypto.sha256(transcriptOf(pending.text, coreText)));
  const title = `${suite}${resume ? ', resumed, early data refused' : ''}`;
  const result = {
    helloHashHex: hex(accepted.helloHash),
    transcriptHashHex: transcript,
    configSecretHex: hex(accepted.configSecret),
    keys: hexed(opened.secrets),
    early: resume ? early : null,
  };
  const [core = '', tickets = '', mac = ''] = opened.answer.split('.');
  const bad = (name: string, answer: string, expect: string): Vector => ({
    name: `${title}: ${name}`,
    given: { ...given, answer },
    expect,
  });
  return [
    { name: title, given: { ...given, answer: opened.answer }, expect: 'ok', result },
    bad('no MAC', `${core}.${tickets}`, 'answer.malformed'),
    bad('another server time', respell(opened.answer, { serverTimeMs: 0 }), 'answer.finished'),
    bad(
      'a bit of the tickets',
      `${core}.${respell(`${tickets}.x`, { resumeExpiresAtMs: 0 }).slice(0, -2)}.${mac}`,
      'answer.finished',
    ),
    bad('a bit of the MAC', `${core}.${tickets}.${flipByte(mac, 0)}`, 'answer.finished'),
    bad(
      'another suite',
      respell(
        opened.answer,
        suite === 'HB1-P256'
          ? { suite: 'HB1-X25519', share: toBase64Url(new Uint8Array(32).fill(9)) }
          : { suite: 'HB1-P256', share: toBase64Url(world.keys.agreement['HB1-P256'].publicKey) },
      ),
      'answer.suite',
    ),
  ];
};

const keySchedule = (): Vector => {
  const crypto = scriptedCrypto('key schedule');
  const [hello, core] = ['aGVsbG8.c2lnbmF0dXJl', 'Y29yZQ'];
  const [first, second] = [crypto.random(32), crypto.random(32)];
  const transcript = crypto.sha256(transcriptOf(hello, core));
  return {
    name: 'key schedule alone',
    given: { keyScheduleOnly: true, hello, core, configSecretHex: hex(first), ephemeralSecretHex: hex(second) },
    expect: 'ok',
    result: {
      transcriptHashHex: hex(transcript),
      keys: hexed(deriveSecrets(crypto, transcript, first, second)),
      early: hexed(deriveSecrets(crypto, crypto.sha256(utf8(hello)), first)),
    },
  };
};

/** Every handshake case. */
export const handshakeVectors = async (): Promise<VectorFile> => ({
  about:
    'Handshakes (docs/wire.md sections 7, 8 and 14). With the scalars of both sides every key can be derived; `expect` is what the client must say of the answer.',
  cases: [
    keySchedule(),
    ...(await good('HB1-P256', false)),
    ...(await good('HB1-X25519', false)),
    ...(await good('HB1-P256', true)),
  ],
});
