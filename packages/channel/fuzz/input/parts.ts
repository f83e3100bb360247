/** What is fuzzed: for each part a maker of attempts, over one small installation. */
import {
  captureBytes,
  context,
  type Directive,
  directivePayload,
  encodeChunkHeader,
  enrolmentPayload,
  openChunkedRequest,
  openTicket,
  promptBytes,
  readDirective,
  readProtectedHead,
  readReportBatch,
  reportBatch,
  signDocument,
  type TrustedClaims,
  type TrustedKind,
  thumbprintInput,
  trustedPayload,
  trustedText,
  verifyEnrolment,
  verifyTrustedCapture,
  verifyTrustedStatement,
} from '@hauberk/channel';
import {
  type ClientSession,
  finishHandshake,
  type PendingHello,
  sealChunkedRequest,
  trustConfig,
} from '@hauberk/channel/client';
import { nodeCrypto } from '@hauberk/crypto/node';
import { epochMs, fromUtf8, type KeyPair, toBase64Url, toEpochSeconds, utf8 } from '@hauberk/primitives';
import {
  codeOf,
  type Device,
  demand,
  enrolDevice,
  headOf,
  helloOf,
  openSession,
  receive,
  send,
  valueOf,
} from '../../test/fixture/client.ts';
import { app, birth, organisation, service, World } from '../../test/fixture/world.ts';
import { mutateBytes, mutateJson, mutatePayload, mutateText, payloadJson, type Random } from './mutate.ts';

/** One mutant and how the channel takes it. */
export interface Attempt {
  readonly input: unknown;
  /** Whether acceptance is no finding: the mutant is signed anew, or happens to say what the original says. */
  readonly mayPass: boolean;
  readonly run: () => string | Promise<string>;
}

type MakeAttempt = (random: Random) => Attempt | Promise<Attempt>;

/** The parts, in the order in which they run. */
export const partNames = [
  'hello',
  'answer',
  'ticket',
  'signature-input',
  'config',
  'chunk',
  'report',
  'directive',
  'enrolment',
  'trusted-statement',
  'capture',
] as const;
/** One of them. */
export type PartName = (typeof partNames)[number];

interface Scene {
  readonly world: World;
  readonly device: Device;
  readonly session: ClientSession;
  readonly pending: PendingHello;
  readonly answer: string;
}

const openScene = async (): Promise<Scene> => {
  const world = new World({ strikes: 4096, tierCounts: [4096] });
  const device = await enrolDevice(world);
  const session = await openSession(world, device);
  const pending = await helloOf(world, device, { resumeTicket: session.tickets.resumeTicket });
  const { answer } = valueOf(world.answer(valueOf(world.judge(pending.text)), 'none'));
  return { world, device, session, pending, answer };
};

/** A document changed as text, as JSON, or as JSON and signed anew. */
const mutateDocument = (random: Random, text: string, other: string, key: KeyPair, name: string) => {
  const way = random();
  if (way < 0.4) return { input: mutateText(random, text, other), signed: false };
  if (way < 0.6) return { input: mutatePayload(random, text), signed: false };
  const changed = mutateJson(random, payloadJson(text));
  const payload = typeof changed === 'object' && changed !== null ? changed : {};
  const tail = text.split('.').slice(2);
  return { input: [signDocument(nodeCrypto, key.privateKey, name, payload), ...tail].join('.'), signed: true };
};

const helloPart =
  ({ world, device, pending }: Scene): MakeAttempt =>
  async (random) => {
    const other = (await helloOf(world, device)).text;
    const { input, signed } = mutateDocument(random, pending.text, other, device.key, context.hello);
    // Splices may come out as the other, honest hello.
    const mayPass = signed || input === other;
    const run = (): string => {
      world.later(1);
      return codeOf(world.judge(input));
    };
    return { input, mayPass, run };
  };

const answerPart =
  ({ world, device, pending, answer }: Scene): MakeAttempt =>
  async (random) => {
    // A second each, so that the register of hellos never fills up.
    world.later(1000);
    const other = valueOf(world.answer(valueOf(world.judge((await helloOf(world, device)).text)), 'none')).answer;
    const input = random() < 0.6 ? mutateText(random, answer, other) : mutatePayload(random, answer);
    const run = async (): Promise<string> => codeOf(await finishHandshake(device.crypto, pending, input));
    return { input, mayPass: input === answer, run };
  };

const ticketPart =
  ({ world, session }: Scene, other: ClientSession): MakeAttempt =>
  (random) => {
    const { ticket } = session.tickets;
    const input = mutateText(random, ticket, other.tickets.ticket);
    const { gateway } = world;
    const run = (): string => codeOf(openTicket(gateway.crypto, gateway.ticketKeys(), gateway.owner, input, world.now));
    return { input, mayPass: input === ticket || input === other.tickets.ticket, run };
  };

const signaturePart = ({ world, device, session }: Scene): MakeAttempt => {
  let sequence = 0;
  return async (random) => {
    // A number of its own for every mutant: behind a used one the signature would never be looked at.
    sequence += 2;
    const sent = await send(world, device, session, { sequence });
    const other = await send(world, device, session, { sequence: sequence + 1 });
    const name = random() < 0.7 ? 'signature-input' : random() < 0.5 ? 'signature' : 'content-digest';
    const held = String(sent.headers[name]);
    const changed = mutateText(random, held, String(other.headers[name]));
    const headers = { ...sent.headers, [name]: changed };
    const mayPass = changed === held;
    return { input: { name, changed }, mayPass, run: () => codeOf(receive(world, { ...sent, headers }, demand())) };
  };
};

const configPart =
  ({ world, device }: Scene): MakeAttempt =>
  (random) => {
    const { configText, keys } = world;
    const { input, signed } = mutateDocument(
      random,
      configText,
      'A'.repeat(configText.length),
      keys.config,
      context.config,
    );
    const run = async (): Promise<string> => codeOf(await trustConfig(device.crypto, world.trust(), input));
    return { input, mayPass: signed || input === configText, run };
  };

const chunkPart =
  ({ world, device, session }: Scene): MakeAttempt =>
  async (random) => {
    const request = {
      target: { method: 'POST', path: '/stream/a', query: '?' },
      headers: { 'hauberk-ticket': session.tickets.ticket },
      service,
      route: { coveredHeaders: [] },
    };
    world.later(1);
    const sequence = 100 + (world.now - birth);
    const slot = { sequence, created: toEpochSeconds(world.now) };
    const outgoing = await sealChunkedRequest(device.crypto, session.keys, request, slot);
    const frame = await outgoing.sealChunk(utf8('plain text of a chunk'), false);
    const changed =
      random() < 0.1
        ? Uint8Array.from(encodeChunkHeader({ final: true, plaintextLength: 0 }))
        : mutateBytes(random, frame);
    const run = (): string => {
      const wire = { method: 'POST', url: '/stream/a', headers: outgoing.head.headers, body: outgoing.head.body };
      const route = demand({ mode: 'sealed', chunked: true });
      const pending = valueOf(readProtectedHead(world.gateway, headOf(world, wire), route));
      const { opener } = valueOf(openChunkedRequest(world.crypto, pending, world.now));
      const opened = opener.open(changed.subarray(0, 4), changed.subarray(4));
      return opened === undefined ? 'request.chunk' : 'accepted';
    };
    return { input: toBase64Url(changed), mayPass: false, run };
  };

const reportPart = (): MakeAttempt => {
  const report = { id: 'r', kind: 'k', kindVersion: 1, loss: 'may-drop' as const, eventAtMs: birth, body: { a: [1] } };
  const batch = reportBatch([report, { ...report, id: 's' }]);
  return (random) => {
    const changed =
      random() < 0.5
        ? utf8(mutateText(random, batch, '{"v":1}'))
        : utf8(JSON.stringify(mutateJson(random, JSON.parse(batch))) ?? '');
    const bytes = random() < 0.2 ? mutateBytes(random, changed) : changed;
    const run = (): string => {
      const read = readReportBatch(bytes);
      // What is accepted is what a second reading of its own writing says.
      if (read.ok && codeOf(readReportBatch(utf8(reportBatch(read.value)))) !== 'accepted')
        throw new Error('not read back');
      return codeOf(read);
    };
    return { input: fromUtf8(bytes) ?? toBase64Url(bytes), mayPass: true, run };
  };
};

const directivePart = ({ world }: Scene): MakeAttempt => {
  const directive: Directive = {
    signedBy: 'directive-1',
    id: 'd',
    kind: 'k',
    kindVersion: 1,
    version: 1,
    scope: { organisation, app: null, service: null },
    notBeforeMs: birth,
    expiresAtMs: epochMs(birth + 1),
    target: { perMille: 10 },
    body: { a: [1, { b: null }] },
  };
  const { keys, config } = world;
  const text = signDocument(nodeCrypto, keys.directive.privateKey, context.directive, directivePayload(directive));
  return (random) => {
    const { input, signed } = mutateDocument(random, text, world.configText, keys.directive, context.directive);
    const run = (): string => {
      const read = readDirective(config.directiveKeys, input);
      if (!read.ok) return read.code;
      const { document, publicKey } = read.value;
      return nodeCrypto.verify(publicKey, document.signedBytes, document.signature) ? 'accepted' : 'document.signature';
    };
    return { input, mayPass: signed || input === text, run };
  };
};

const enrolmentPart = (): MakeAttempt => {
  const key = nodeCrypto.generateKeyPair('p256', 'sign');
  const also = [{ kind: 'play-integrity', statement: 'y' }];
  const evidence = { kind: 'app-attest', statement: 'x', also };
  const names = { organisation, app, service, purpose: 'identity' as const, deviceId: null };
  const request = { challenge: nodeCrypto.random(32).slice(), publicKey: key.publicKey, evidence, ...names };
  const text = signDocument(nodeCrypto, key.privateKey, context.enrol, enrolmentPayload(request));
  return (random) => {
    const { input, signed } = mutateDocument(random, text, 'A'.repeat(text.length), key, context.enrol);
    return { input, mayPass: signed || input === text, run: () => codeOf(verifyEnrolment(nodeCrypto, input)) };
  };
};

const expectedOf = (key: KeyPair, challenge: Uint8Array) => ({
  organisation,
  app,
  service,
  publicKey: key.publicKey,
  thumbprint: toBase64Url(nodeCrypto.sha256(thumbprintInput(key.publicKey))),
  challenge,
  now: birth,
});

const claimsOf = (kind: TrustedKind, expected: ReturnType<typeof expectedOf>, digest: Uint8Array): TrustedClaims => ({
  kind,
  organisation,
  app,
  service,
  key: expected.thumbprint,
  challenge: Uint8Array.from(expected.challenge),
  createdAtMs: birth,
  digest: Uint8Array.from(digest),
  mediaType: 'text/plain',
});

const statementPart = (): MakeAttempt => {
  const key = nodeCrypto.generateKeyPair('p256', 'sign');
  const expected = expectedOf(key, nodeCrypto.random(32));
  const prompt = { title: 'Pay', text: 'Pay 20?' };
  const data = utf8('data');
  const claims: TrustedClaims = {
    ...claimsOf('verify-user', expected, nodeCrypto.sha256(data)),
    promptDigest: nodeCrypto.sha256(promptBytes(prompt.title, prompt.text)),
  };
  const text = signDocument(nodeCrypto, key.privateKey, context.trusted, trustedPayload(claims));
  return (random) => {
    const { input, signed } = mutateDocument(random, text, 'A'.repeat(text.length), key, context.trusted);
    const run = (): string =>
      codeOf(verifyTrustedStatement(nodeCrypto, input, data, { ...expected, kind: 'verify-user', prompt }));
    return { input, mayPass: signed || input === text, run };
  };
};

const capturePart = (): MakeAttempt => {
  const key = nodeCrypto.generateKeyPair('p256', 'sign');
  const expected = expectedOf(key, nodeCrypto.random(32));
  const captured = { media: utf8('picture'), mediaType: 'image/jpeg', capturedAtMs: birth };
  const text = trustedText(claimsOf('capture', expected, new Uint8Array(32)));
  const digests = {
    binding: nodeCrypto.sha256(utf8(text)),
    media: nodeCrypto.sha256(captured.media),
    mediaType: nodeCrypto.sha256(utf8(captured.mediaType)),
  };
  const signature = nodeCrypto.sign(key.privateKey, captureBytes(digests, birth));
  const statement = `${text}.${toBase64Url(Uint8Array.from(signature))}`;
  return (random) => {
    const input = mutateText(random, statement, 'A'.repeat(statement.length));
    const media = random() < 0.1 ? mutateBytes(random, captured.media) : captured.media;
    const isSame = input === statement && toBase64Url(Uint8Array.from(media)) === toBase64Url(captured.media);
    const run = (): string => codeOf(verifyTrustedCapture(nodeCrypto, input, { ...captured, media }, expected));
    return { input: { input, media: toBase64Url(Uint8Array.from(media)) }, mayPass: isSame, run };
  };
};

/** Every part over a fresh installation. */
export const openParts = async (): Promise<Readonly<Record<PartName, MakeAttempt>>> => {
  const scene = await openScene();
  const { world, device } = scene;
  return {
    hello: helloPart(scene),
    answer: answerPart(scene),
    ticket: ticketPart(scene, await openSession(world, device)),
    'signature-input': signaturePart(scene),
    config: configPart(scene),
    chunk: chunkPart(scene),
    report: reportPart(),
    directive: directivePart(scene),
    enrolment: enrolmentPart(),
    'trusted-statement': statementPart(),
    capture: capturePart(),
  };
};
