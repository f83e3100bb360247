/** Signed documents: configs, status statements, enrolments, directives. */
import {
  context,
  type Directive,
  directivePayload,
  enrolmentPayload,
  gatewayConfigPayload,
  signDocument,
} from '@hauberk/channel';
import { epochMs, type KeyPair, toBase64Url } from '@hauberk/primitives';
import { flipByte, respell } from '../test/fixture/documents.ts';
import { scriptedCrypto } from '../test/fixture/scripted-crypto.ts';
import { app, birth, organisation, service, signStatus, World } from '../test/fixture/world.ts';
import type { Json, Vector, VectorFile } from './vector.ts';

const crypto = scriptedCrypto('documents');
const world = new World({ crypto });
const { keys, configText, config } = world;

const sign = (pair: KeyPair, name: string, payload: object): string =>
  signDocument(crypto, pair.privateKey, name, payload);

const trust = {
  organisation,
  service,
  configKeys: [{ kid: 'config-1', publicKey: toBase64Url(keys.config.publicKey) }],
  minConfigVersion: 7,
  timeFloorMs: birth,
};

const configCase = (
  name: string,
  document: string,
  expect: string,
  over: { readonly [name: string]: Json } = {},
): Vector => ({
  name: `config: ${name}`,
  given: { kind: 'config', document, ...trust, ...over },
  expect,
  ...(expect === 'ok'
    ? { result: { configHashHex: Buffer.from(crypto.sha256(Buffer.from(document))).toString('hex') } }
    : {}),
});

const resigned = (over: object): string =>
  sign(keys.config, context.config, { ...gatewayConfigPayload(config), ...over });

const plainRoute = {
  methods: ['GET'],
  path: '/a/{id}',
  mode: 'signed',
  coveredHeaders: [],
  coveredReplyHeaders: [],
  publicQuery: [],
  idempotency: 'none',
  chunked: false,
  replies: 'bound',
};

const configCases = (): readonly Vector[] => [
  configCase('as it should be', configText, 'ok'),
  configCase('unknown members are passed over', resigned({ later: { a: 1 } }), 'ok'),
  configCase('a suite of later days is passed over', resigned({ suites: ['HB2-X', 'HB1-P256'] }), 'ok'),
  configCase('another protocol version', resigned({ v: 2 }), 'document.version'),
  configCase('a second part too many', `${configText}.AAAA`, 'document.malformed'),
  configCase('padding', `${configText}=`, 'document.malformed'),
  configCase(
    'two keys of one name',
    resigned({ statusKeys: [0, 1].map(() => ({ kid: 's', publicKey: toBase64Url(keys.status.publicKey) })) }),
    'document.malformed',
  ),
  configCase(
    'a header in capitals',
    resigned({ routes: [{ ...plainRoute, coveredHeaders: ['X-Channel'] }] }),
    'document.malformed',
  ),
  configCase('not pinned', resigned({ kid: 'config-2' }), 'document.unknown-key'),
  configCase('a member changed after signing', respell(configText, { version: 9 }), 'document.signature'),
  configCase(
    'signed under another context',
    sign(keys.config, context.status, gatewayConfigPayload(config)),
    'document.signature',
  ),
  configCase('another service', resigned({ service: 'other' }), 'document.scope'),
  configCase('older than what was seen', configText, 'document.rollback', { minConfigVersion: 8 }),
  configCase('expired at the time floor', configText, 'document.expired', { timeFloorMs: config.expiresAtMs }),
];

const statusCase = (name: string, document: string, expect: string, nowMs: number = birth): Vector => ({
  name: `status: ${name}`,
  given: { kind: 'status', document, configDocument: configText, ...trust, nowMs },
  expect,
});

const statusCases = (): readonly Vector[] => {
  const status = signStatus(crypto, keys, configText);
  return [
    statusCase('as it should be', status, 'ok'),
    statusCase('expired', status, 'document.expired', birth + 86_400_000),
    statusCase(
      'lives too long',
      signStatus(crypto, keys, configText, { expiresAtMs: epochMs(birth + 86_400_001) }),
      'document.life-too-long',
    ),
    statusCase('another config', signStatus(crypto, keys, `${configText}A`), 'document.hash'),
    statusCase('another version', signStatus(crypto, keys, configText, { configVersion: 8 }), 'document.hash'),
    statusCase(
      'a key that the config does not name',
      signStatus(crypto, keys, configText, { signedBy: 'x' }),
      'document.unknown-key',
    ),
    statusCase(
      'signed by a gateway key',
      signStatus(crypto, { ...keys, status: keys.directive }, configText),
      'document.signature',
    ),
  ];
};

const enrolmentCases = (): readonly Vector[] => {
  const device = crypto.generateKeyPair('p256', 'sign');
  const payload = enrolmentPayload({
    challenge: crypto.random(32),
    publicKey: device.publicKey,
    purpose: 'identity',
    organisation,
    app,
    service,
    evidence: { kind: 'software' },
    deviceId: null,
  });
  const document = sign(device, context.enrol, payload);
  const given = (text: string) => ({ kind: 'enrolment', document: text });
  const [body = '', signature = ''] = document.split('.');
  return [
    { name: 'enrolment: as it should be', given: given(document), expect: 'ok' },
    {
      name: 'enrolment: a member too many',
      given: given(sign(device, context.enrol, { ...payload, tier: 1 })),
      expect: 'enrol.malformed',
    },
    { name: 'enrolment: another app', given: given(respell(document, { app: 'other' })), expect: 'enrol.signature' },
    {
      name: 'enrolment: a bit of the signature',
      given: given(`${body}.${flipByte(signature, 3)}`),
      expect: 'enrol.signature',
    },
  ];
};

const directiveCases = (): readonly Vector[] => {
  const directive: Directive = {
    signedBy: 'directive-1',
    id: 'd1',
    kind: 'switch',
    kindVersion: 1,
    version: 3,
    scope: { organisation, app: null, service: null },
    notBeforeMs: birth,
    expiresAtMs: epochMs(birth + 60_000),
    target: null,
    body: { chain: 'x' },
  };
  const document = sign(keys.directive, context.directive, directivePayload(directive));
  const given = (text: string, highestVersion = 0, nowMs: number = birth) => ({
    kind: 'directive',
    document: text,
    directiveKeys: [{ kid: 'directive-1', publicKey: toBase64Url(keys.directive.publicKey) }],
    organisation,
    app,
    service,
    highestVersion,
    nowMs,
  });
  return [
    { name: 'directive: as it should be', given: given(document), expect: 'ok' },
    { name: 'directive: the same version again', given: given(document, 3), expect: 'ok' },
    { name: 'directive: an older version', given: given(document, 4), expect: 'document.rollback' },
    { name: 'directive: too early', given: given(document, 0, birth - 1), expect: 'document.not-yet-valid' },
    { name: 'directive: too late', given: given(document, 0, birth + 60_000), expect: 'document.expired' },
    {
      name: 'directive: changed after signing',
      given: given(respell(document, { kind: 'other' })),
      expect: 'document.signature',
    },
    {
      name: 'directive: an unknown key',
      given: given(respell(document, { kid: 'other' })),
      expect: 'document.unknown-key',
    },
  ];
};

/** Every document case. */
export const documentVectors = (): VectorFile => ({
  about:
    'Signed documents (docs/wire.md sections 4, 5, 6 and 17). `expect` is what a reader with the given trust must say.',
  cases: [...configCases(), ...statusCases(), ...enrolmentCases(), ...directiveCases()],
});
