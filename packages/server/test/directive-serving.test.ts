/** A whole gateway serves directives: as a file, as a stream from any of its workers, and over a restart; the streams are bounded. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  context,
  type Directive,
  endpoint,
  judgeDirective,
  readDirective,
  readDocument,
  readGatewayConfig,
} from '@hauberk/channel';
import { nodeCrypto } from '@hauberk/crypto/node';
import { type EpochMs, epochMs } from '@hauberk/primitives';
import type { RolloutPlan } from '@hauberk/rollout';
import { openStorage } from '../src/index.ts';
import { type EchoGateway, startEchoGateway } from './echo-gateway.ts';

const scope = { organisation: 'demo', app: 'app' };
const plan: RolloutPlan = {
  kind: 'privacy.stop',
  kindVersion: 1,
  service: null,
  body: { stops: [{ chain: 'c1', action: 'deny' }] },
  audience: { versions: [], cohorts: [] },
  stages: [50, 1000],
  guard: null,
  lifeMs: 3_600_000,
  reason: '',
};
const by = { draft: 'ann', approve: 'ben' };
const now = (): EpochMs => epochMs(Date.now());

interface File {
  readonly revision: number;
  readonly documents: readonly string[];
}

/** One stream, as events arrive. */
class Stream {
  readonly response: Response;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #text = '';
  private constructor(response: Response, reader: ReadableStreamDefaultReader<Uint8Array>) {
    this.response = response;
    this.#reader = reader;
  }
  static async open(url: string, headers: Record<string, string> = {}): Promise<Stream> {
    const response = await fetch(url, { headers });
    assert.ok(response.body !== null);
    return new Stream(response, response.body.getReader());
  }
  /** The next event; heartbeats are passed over. Undefined at the end. */
  async next(): Promise<File | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\n\n');
      if (end >= 0) {
        const event = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        const data = event.split('\n').find((line) => line.startsWith('data: '));
        if (data !== undefined) return JSON.parse(data.slice(6)) as File;
        continue;
      }
      const { value, done } = await this.#reader.read();
      if (done) return undefined;
      this.#text += new TextDecoder().decode(value);
    }
  }
  close(): Promise<void> {
    return this.#reader.cancel();
  }
}

describe('directives of a whole gateway', () => {
  let echo: EchoGateway;
  before(async () => {
    echo = await startEchoGateway({ routes: [{ path: '/api/{rest*}' }] }, () => ({
      apps: [{ id: 'app' }, { id: 'other' }],
      limits: { directiveStreams: 6, directiveStreamsPerAddress: 6 },
    }));
  });
  after(() => echo.close());

  const query = 'organisation=demo&app=app&service=bank';
  const fileUrl = (): string => `${echo.running.url}${endpoint.directives}?${query}`;
  const streamUrl = (more = ''): string => `${echo.running.url}${endpoint.directiveStream}?${query}${more}`;
  const file = async (): Promise<File> => (await (await fetch(fileUrl())).json()) as File;

  const believed = async (document: string): Promise<Directive> => {
    const config = await (await fetch(`${echo.running.url}${endpoint.config}?organisation=demo&service=bank`)).text();
    const payload = readDocument(context.config, config);
    const read = payload.ok ? readGatewayConfig(payload.value.payload) : payload;
    assert.ok(read.ok);
    const directive = readDirective(read.value.directiveKeys, document);
    assert.ok(directive.ok, directive.ok ? '' : directive.code);
    const { document: signed, publicKey } = directive.value;
    assert.ok(nodeCrypto.verify(publicKey, signed.signedBytes, signed.signature));
    return directive.value.directive;
  };

  it('before the first directive there is an empty file, and none for strangers', async () => {
    assert.deepEqual(await file(), {
      v: 1,
      organisation: 'demo',
      app: 'app',
      service: 'bank',
      revision: 0,
      documents: [],
    });
    for (const other of ['organisation=demo&app=app', 'organisation=demo&app=stranger&service=bank', '']) {
      const refused = await fetch(`${echo.running.url}${endpoint.directives}?${other}`);
      assert.equal(refused.status, 404);
    }
  });

  it('what is published reaches every stream of every worker, and the file; each copy says the same', async () => {
    const streams = await Promise.all(Array.from({ length: 4 }, () => Stream.open(streamUrl())));
    const published = await echo.running.directives.publish(scope, plan, by);
    assert.ok(published.ok);
    for (const stream of streams) {
      const event = await stream.next();
      assert.equal(event?.revision, 1);
      const directive = await believed(event?.documents[0] ?? '');
      assert.deepEqual(directive.body, plan.body);
      assert.ok(judgeDirective(directive, { ...scope, service: 'bank' }, 0, now()).ok);
      await stream.close();
    }
    const { documents, revision } = await file();
    assert.equal(revision, 1);
    assert.equal((await believed(documents[0] ?? '')).version, 1);
  });

  it('a stream goes on where its client was: by the URL, or as browsers say it', async () => {
    assert.ok((await echo.running.directives.publish(scope, { ...plan, body: { stops: [] } }, by)).ok);
    for (const stream of [
      await Stream.open(streamUrl('&revision=1')),
      await Stream.open(streamUrl(), { 'last-event-id': '1' }),
    ]) {
      const event = await stream.next();
      assert.deepEqual([event?.revision, event?.documents.length], [2, 1]);
      await stream.close();
    }
    const ahead = await Stream.open(streamUrl('&revision=99'));
    assert.ok((await echo.running.directives.publish(scope, plan, by)).ok);
    assert.equal((await ahead.next())?.revision, 3, 'a made-up place brings nobody out of step');
    await ahead.close();
  });

  it('a known file is not sent again', async () => {
    const etag = (await fetch(fileUrl())).headers.get('etag') ?? '';
    assert.notEqual(etag, '');
    const again = await fetch(fileUrl(), { headers: { 'if-none-match': `W/${etag}, "x"` } });
    assert.deepEqual([again.status, await again.text()], [304, '']);
    assert.equal((await fetch(fileUrl(), { headers: { 'if-none-match': '"other"' } })).status, 200);
  });

  it('another app hears nothing of it', async () => {
    const other = (await (await fetch(fileUrl().replace('app=app', 'app=other'))).json()) as File;
    assert.deepEqual([other.revision, other.documents], [0, []]);
  });

  it('streams beyond the limit are refused, and a place is free again when one leaves', async () => {
    const open: Stream[] = [];
    for (let index = 0; index < 40 && open.at(-1)?.response.status !== 503; index += 1) {
      const stream = await Stream.open(streamUrl('&revision=99'));
      assert.ok([200, 503].includes(stream.response.status), String(stream.response.status));
      open.push(stream);
    }
    const refused = open.at(-1)?.response;
    assert.equal(refused?.status, 503);
    assert.ok(Number(refused?.headers.get('retry-after')) > 0);
    assert.equal((await fetch(fileUrl())).status, 200, 'the file is there for whoever finds no place');
    const held = /^hauberk_directive_streams_open (\d+)$/m.exec(await echo.running.metrics())?.[1];
    assert.equal(Number(held), open.length - 1, 'and the operator sees how many');
    for (const stream of open) await stream.close();
    let again: Stream | undefined;
    for (let tries = 0; tries < 100 && again?.response.status !== 200; tries += 1) {
      await again?.close();
      again = await Stream.open(streamUrl());
    }
    assert.equal(again?.response.status, 200);
    await again?.close();
  });

  it('a killed worker is replaced by one that knows the present directives', async () => {
    const before = await file();
    assert.ok(await echo.running.killWorker(0));
    assert.ok(await echo.running.killWorker(1));
    for (let tries = 0; tries < 200 && echo.running.workers() < 2; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(await file(), before);
  });

  it('directives outlive the gateway, and the next version follows the last', async () => {
    const stream = await Stream.open(streamUrl('&revision=99'));
    await echo.stop();
    assert.equal(await stream.next(), undefined, 'a stream ends with its gateway');
    const storage = await openStorage({ folder: echo.config.state });
    const published = await storage.ports.directives.published();
    assert.deepEqual(
      published.map(({ directive }) => directive.version),
      [1, 2, 3],
    );
    await storage.close();
  });
});
