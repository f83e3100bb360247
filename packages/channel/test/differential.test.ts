/**
 * Signed mode against an independent implementation of RFC 9421: what our client signs it verifies, what it signs our gateway verifies, and
 * of a spoilt message both say the same, or the difference is one of those that are explained here.
 */
import assert from 'node:assert/strict';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { describe, it } from 'node:test';
import { contentDigestOf, type OpenedSession, requestComponents, sequenceBytes } from '@hauberk/channel';
import { type ClientSession, coveredRequestHeaders, finishHandshake } from '@hauberk/channel/client';
import { type Bytes, toBase64Url, toEpochSeconds } from '@hauberk/primitives';
import fc from 'fast-check';
import { httpbis } from 'http-message-signatures';
import {
  codeOf,
  type Device,
  demand,
  enrolDevice,
  helloOf,
  receive,
  send,
  valueOf,
  type Wire,
} from './fixture/client.ts';
import { seeded } from './fixture/seed.ts';
import { service, World } from './fixture/world.ts';

const origin = 'https://api.example';
const declared = ['x-channel', 'x-note'];
const route = demand({ coveredHeaders: declared });

interface Message {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly age: number;
}

const blanks = fc.string({ unit: fc.constantFrom(' ', '\t'), maxLength: 3 });
/** Field values as RFC 9110 section 5.5 allows them: visible, blank inside, obs-text. */
const visible = fc.string({
  unit: fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)) },
    { weight: 1, arbitrary: fc.constantFrom(' ', '\t', '  ') },
    { weight: 1, arbitrary: fc.integer({ min: 0x80, max: 0xff }).map((code) => String.fromCharCode(code)) },
  ),
  maxLength: 40,
});
const fieldValue = fc.tuple(blanks, visible, blanks).map((parts) => parts.join(''));

/** URLs as the WHATWG serialiser writes them: what a client signs is what it sends. */
const target = fc
  .tuple(
    fc.array(fc.string({ maxLength: 8 }), { maxLength: 4 }),
    fc.option(fc.string({ maxLength: 20 }), { nil: undefined }),
  )
  .map(([segments, query]) => {
    const path = segments.map(encodeURIComponent).join('/');
    const url = new URL(
      `${origin}/${path}${query === undefined ? '' : `?${encodeURI(query.toWellFormed())}`}`.replace('#', ''),
    );
    return url.pathname + url.search;
  })
  .filter((url) => url.startsWith('/') && !url.startsWith('//'));

const message: fc.Arbitrary<Message> = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'QUERY'),
  url: target,
  headers: fc.record(
    {
      'content-type': fieldValue,
      authorization: fieldValue,
      'idempotency-key': fieldValue,
      'hauberk-step-up': fieldValue,
      'x-channel': fieldValue,
      'x-note': fieldValue,
      'x-not-covered': fieldValue,
    },
    { requiredKeys: [] },
  ),
  body: fc.uint8Array({ maxLength: 64 }),
  age: fc.integer({ min: -30, max: 120 }),
});

type Spoil =
  | { readonly kind: 'none' | 'method' | 'path' | 'query' | 'parameter' | 'signature' | 'component' }
  | { readonly kind: 'change' | 'remove' | 'add'; readonly name: string };

const coverable = ['content-type', 'authorization', 'idempotency-key', 'hauberk-step-up', ...declared];
const spoil: fc.Arbitrary<Spoil> = fc.oneof(
  fc.record({ kind: fc.constantFrom('none', 'method', 'path', 'query', 'parameter', 'signature', 'component') }),
  fc.record({ kind: fc.constantFrom('change', 'remove', 'add'), name: fc.constantFrom(...coverable, 'x-not-covered') }),
) as fc.Arbitrary<Spoil>;

const withHeaders = (wire: Wire, change: Readonly<Record<string, string>>): Wire => ({
  ...wire,
  headers: { ...wire.headers, ...change },
});

const text = (wire: Wire, name: string): string => String(wire.headers[name] ?? '');

const without = (wire: Wire, name: string): Wire => {
  const { [name]: _, ...headers } = wire.headers;
  return { ...wire, headers };
};

const spoilt = (wire: Wire, how: Spoil): Wire => {
  switch (how.kind) {
    case 'none':
      return wire;
    case 'method':
      return { ...wire, method: wire.method === 'PUT' ? 'POST' : 'PUT' };
    case 'path':
      return { ...wire, url: `/x${wire.url}` };
    case 'query':
      return { ...wire, url: `${wire.url}${wire.url.includes('?') ? '&' : '?'}x=1` };
    case 'parameter':
      return withHeaders(wire, {
        'signature-input': text(wire, 'signature-input').replace(
          /created=(\d+)/,
          (_, at) => `created=${Number(at) - 1}`,
        ),
      });
    case 'signature':
      return withHeaders(wire, {
        signature: text(wire, 'signature').replace(/hb=:./, (start) => (start.endsWith('A') ? 'hb=:B' : 'hb=:A')),
      });
    case 'component':
      return withHeaders(wire, { 'signature-input': text(wire, 'signature-input').replace(' "@query"', '') });
    case 'remove':
      return without(wire, how.name);
    case 'add':
    case 'change':
      if ((how.kind === 'add') === (wire.headers[how.name] !== undefined)) return wire;
      return withHeaders(wire, { [how.name]: `${text(wire, how.name)}x` });
  }
};

/** Our own session and the raw key that the other implementation is given. */
class Bout {
  private sequence = 0;
  readonly device: Device;
  readonly session: ClientSession;
  readonly key: Bytes;
  readonly world: World;

  private constructor(world: World, device: Device, session: ClientSession, key: Bytes) {
    this.world = world;
    this.device = device;
    this.session = session;
    this.key = key;
  }

  static async begin(): Promise<Bout> {
    const world = new World();
    const device = await enrolDevice(world);
    const pending = await helloOf(world, device);
    const opened: OpenedSession = valueOf(world.answer(valueOf(world.judge(pending.text)), 'none'));
    const session = valueOf(await finishHandshake(device.crypto, pending, opened.answer));
    return new Bout(world, device, session, opened.secrets.requestMac);
  }

  ours({ method, url, headers, body, age }: Message): Promise<Wire> {
    this.sequence += 1;
    const created = toEpochSeconds(this.world.now) - age;
    return send(this.world, this.device, this.session, {
      method,
      url,
      headers,
      body,
      created,
      sequence: this.sequence,
      coveredHeaders: declared,
    });
  }

  async theirs({ method, url, headers, body, age }: Message): Promise<Wire> {
    this.sequence += 1;
    const ready: Record<string, string> = {
      'content-type': 'application/json',
      ...headers,
      'hauberk-ticket': this.session.tickets.ticket,
      'hauberk-service': service,
      'content-digest': contentDigestOf(this.world.crypto.sha256(body)),
    };
    const fields = ['@method', '@path', '@query', ...coveredRequestHeaders('hb1', ready, declared)];
    assert.equal(requestComponents(fields.slice(3)), `(${fields.map((name) => `"${name}"`).join(' ')})`);
    const signed = await httpbis.signMessage(
      {
        key: { sign: async (base) => createHmac('sha256', this.key).update(base).digest() },
        name: 'hb',
        fields,
        params: ['created', 'keyid', 'nonce', 'tag'],
        paramValues: {
          created: new Date((toEpochSeconds(this.world.now) - age) * 1000),
          keyid: this.session.core.sessionId,
          nonce: toBase64Url(sequenceBytes(this.sequence)),
          tag: 'hb1',
        },
      },
      { method, url: origin + url, headers: ready },
    );
    const lower = Object.entries(signed.headers).map(([name, value]) => [name.toLowerCase(), String(value)]);
    return { method, url, headers: Object.fromEntries(lower), body };
  }

  async theyAccept({ method, url, headers }: Wire): Promise<boolean> {
    const verify = async (base: Buffer, signature: Buffer): Promise<boolean> => {
      const mac = createHmac('sha256', this.key).update(base).digest();
      return signature.length === mac.length && timingSafeEqual(mac, signature);
    };
    const plain = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
    try {
      const config = { keyLookup: async () => ({ verify }), notAfter: 2 ** 40 };
      return (await httpbis.verifyMessage(config, { method, url: origin + url, headers: plain })) === true;
    } catch {
      return false;
    }
  }
}

/** RFC 9110 blanks are SP and HTAB; the other implementation cuts every white space of Unicode off a value. */
const cutsMore = (wire: Wire): boolean =>
  [...coverable, 'x-not-covered'].some((name) => {
    const value = text(wire, name);
    return value.trim() !== value.replace(/^[ \t]+|[ \t]+$/g, '');
  });

describe('signed mode against another implementation of RFC 9421', () => {
  it('no unexplained difference', async () => {
    const bout = await Bout.begin();
    const differences = { cut: 0, added: 0 };
    await fc.assert(
      fc.asyncProperty(message, spoil, fc.boolean(), async (plain, how, weSign) => {
        const honest = await (weSign ? bout.ours(plain) : bout.theirs(plain));
        const wire = spoilt(honest, how);
        const they = await bout.theyAccept(wire);
        const code = codeOf(receive(bout.world, wire, route));
        if (cutsMore(wire) || cutsMore(honest)) {
          differences.cut += 1;
          return;
        }
        // A header that joined on the way: the route says that it must be covered; the other side asks the message what is.
        const joined = how.kind === 'add' && honest.headers[how.name] === undefined && how.name !== 'x-not-covered';
        if (joined) {
          differences.added += 1;
          assert.deepEqual([they, code], [true, 'request.components']);
          return;
        }
        assert.equal(
          they,
          code === 'accepted',
          `${code} against ${they}: ${JSON.stringify([how, wire.url, wire.headers])}`,
        );
        if (how.kind === 'none') assert.equal(code, 'accepted');
      }),
      { ...seeded('differential', 2000, 100_000) },
    );
    console.log(`differential: explained differences ${JSON.stringify(differences)}`);
    assert.ok(differences.added > 0, 'the explained case never came up');
  });
});
