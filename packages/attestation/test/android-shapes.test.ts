/** Chains of every shape that genuine phones have: roots, algorithms, lengths, ages. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import test from 'node:test';
import { nodeEvidenceCrypto } from '@hauberk/crypto/node-evidence';
import { type Bytes, type EvidenceCrypto, epochMs } from '@hauberk/primitives';
import { verifyAndroidKey } from '../src/android-key.ts';
import { createChainMemory } from '../src/chain-memory.ts';
import { algorithmOfSpki } from '../src/spki.ts';
import { attestation, type Claims, chainOf, challenge, provisioned, rootKey } from './fixture/android.ts';
import { authority, bytes, der, explicit, integer, mint, name, spkiOf } from './fixture/certificates.ts';

type Pair = { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
const makers = {
  'P-256': (): Pair => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'P-384': (): Pair => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  RSA: (): Pair => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  'ML-DSA-65': (): Pair => generateKeyPairSync('ml-dsa-65'),
};
type Kind = keyof typeof makers;

interface Plan {
  /** Leaf first. */
  readonly kinds: readonly Kind[];
  readonly claims?: Claims;
  /** By position: extensions in place of the usual ones. */
  readonly extensions?: Readonly<Record<number, readonly Bytes[]>>;
  readonly until?: string;
}

/** A chain with a key of the given kind at each place. */
const mintChain = ({ kinds, claims = {}, extensions = {}, until = '210101000000Z' }: Plan) => {
  const pairs = kinds.map((kind) => makers[kind]());
  const at = (index: number): Pair => {
    const pair = pairs[Math.min(index, pairs.length - 1)];
    if (pair === undefined) throw new RangeError(`no key ${index}`);
    return pair;
  };
  const usual = (index: number): readonly Bytes[] =>
    index === 0 ? [attestation(claims)] : index === 1 ? [] : [authority()];
  const chain = pairs.map((pair, index) =>
    mint({
      subject: name(`place ${index}`),
      issuer: name(`place ${Math.min(index + 1, pairs.length - 1)}`),
      key: pair.publicKey,
      signer: at(index + 1).privateKey,
      extensions: extensions[index] ?? usual(index),
      until,
    }),
  );
  return { chain, leafKey: spkiOf(at(0).publicKey), anchor: spkiOf(at(pairs.length - 1).publicKey) };
};

const late = epochMs(1_900_000_000_000);
const inTime = epochMs(1_600_000_000_000);
const revocation = { takenAt: late, statuses: new Map<string, string>() };
const verify = (chain: readonly Bytes[], anchor: Bytes, now = late) =>
  verifyAndroidKey(chain, { anchorKeys: [anchor], revocation, now }, { challenge }, nodeEvidenceCrypto);

const shapes: readonly (readonly [title: string, algorithm: string, plan: Plan])[] = [
  ['a factory chain under an RSA root', 'ES256', { kinds: ['P-256', 'P-256', 'P-256', 'RSA'] }],
  ['RSA all the way', 'RS256', { kinds: ['RSA', 'RSA', 'RSA', 'RSA'] }],
  ['an RSA key of a chain on P-384', 'RS256', { kinds: ['RSA', 'P-384', 'P-384', 'RSA'] }],
  ['a provisioned chain under a root on P-384', 'ES256', { kinds: ['P-256', 'P-256', 'P-384', 'P-384', 'P-384'] }],
  ['an ML-DSA-65 key of a factory chain', 'ML-DSA-65', { kinds: ['ML-DSA-65', 'P-256', 'P-256', 'RSA'] }],
  [
    'an ML-DSA-65 key of a provisioned chain',
    'ML-DSA-65',
    { kinds: ['ML-DSA-65', 'P-256', 'P-256', 'P-384', 'P-384'] },
  ],
  ['issuers that sign with ML-DSA-65', 'ES256', { kinds: ['P-256', 'ML-DSA-65', 'ML-DSA-65', 'ML-DSA-65'] }],
  ['a chain of three', 'ES256', { kinds: ['P-256', 'P-256', 'RSA'] }],
  [
    'a phone of 2016: version 2, no boot hash, no levels of patches',
    'RS256',
    {
      kinds: ['RSA', 'P-256', 'P-256', 'RSA'],
      claims: { version: integer(2), hasBootHash: false, hardware: (fields) => fields.slice(0, 5) },
    },
  ],
  [
    'a variant of ML-DSA named by its tag',
    'ML-DSA-65',
    {
      kinds: ['ML-DSA-65', 'P-256', 'P-256', 'P-384'],
      claims: {
        hardware: ([purpose = bytes(), , ...rest]) => [
          purpose,
          explicit(2, integer(4)),
          explicit(11, integer(1)),
          ...rest,
        ],
      },
    },
  ],
  [
    'an explicit FALSE in the constraints of an attestation certificate',
    'ES256',
    {
      kinds: ['P-256', 'P-256', 'P-256', 'RSA'],
      extensions: { 1: [der(0x30, der(6, bytes(0x55, 0x1d, 0x13)), der(4, der(0x30, der(1, bytes(0)))))] },
    },
  ],
];
for (const [title, algorithm, plan] of shapes)
  test(`accepted: ${title}`, () => {
    const { chain, anchor, leafKey } = mintChain(plan);
    const answer = verify(chain, anchor, plan.kinds.length > 4 ? inTime : late);
    assert.ok(answer.ok, answer.ok ? '' : `${answer.code} ${answer.detail}`);
    assert.deepEqual(answer.value.publicKey, leafKey);
    assert.equal(algorithmOfSpki(answer.value.publicKey), algorithm);
    assert.deepEqual(answer.value.unknownTags, []);
  });

const codeOf = (answer: ReturnType<typeof verify>): string => (answer.ok ? 'accepted' : answer.code);

test('a provisioned chain is dated by its length alone', () => {
  const { chain, anchor } = mintChain({ kinds: ['P-256', 'P-256', 'P-256', 'P-256', 'P-384'] });
  assert.equal(codeOf(verify(chain, anchor, late)), 'CHAIN_EXPIRED');
});

test('a root of one algorithm vouches for no signature of another', () => {
  const { chain } = mintChain({ kinds: ['P-256', 'P-256', 'P-256', 'P-384'] });
  const other = mintChain({ kinds: ['P-256', 'P-256', 'P-256', 'RSA'] });
  assert.equal(codeOf(verify([...chain.slice(0, 3), ...other.chain.slice(3)], other.anchor)), 'CHAIN_SIGNATURE');
});

test('path lengths count down to the attestation certificate', () => {
  const kinds: readonly Kind[] = ['P-256', 'P-256', 'P-256', 'P-256', 'P-256'];
  const limited = (extensions: Plan['extensions'] = {}) => {
    const { chain, anchor } = mintChain({ kinds, extensions, until: '400101000000Z' });
    return codeOf(verify(chain, anchor));
  };
  assert.equal(limited({ 4: [authority(2)], 3: [authority(1)], 2: [authority(0)] }), 'accepted');
  assert.equal(limited({ 4: [authority(1)] }), 'CHAIN_PATH_LENGTH');
  assert.equal(limited({ 3: [authority(0)] }), 'CHAIN_PATH_LENGTH');
});

test('what is remembered of a chain is neither its dates nor its standing, and not the caller’s buffer', () => {
  const memory = createChainMemory(2);
  const { chain, anchor } = mintChain({
    kinds: ['P-256', 'P-256', 'P-256', 'P-256'],
    extensions: { 1: [provisioned] },
  });
  let checks = 0;
  const crypto: EvidenceCrypto = {
    ...nodeEvidenceCrypto,
    verify: (...input) => {
      checks += 1;
      return nodeEvidenceCrypto.verify(...input);
    },
  };
  const ask = (now = inTime, statuses = new Map<string, string>(), keys = [anchor], certificates = chain) =>
    codeOf(
      verifyAndroidKey(
        certificates,
        { anchorKeys: keys, revocation: { takenAt: late, statuses }, now, memory },
        { challenge },
        crypto,
      ),
    );
  assert.equal(ask(), 'accepted');
  assert.equal(checks, 3);
  assert.equal(ask(), 'accepted');
  assert.equal(checks, 4);
  assert.equal(ask(late), 'CHAIN_EXPIRED');
  assert.equal(ask(inTime, new Map([['1', 'REVOKED']])), 'CERTIFICATE_REVOKED');
  assert.equal(ask(inTime, new Map(), [rootKey]), 'CHAIN_UNKNOWN_ROOT');
  const [first = bytes(), second = bytes(), ...others] = chain;
  const broken = second.with(second.length - 1, (second.at(-1) ?? 0) ^ 1);
  assert.equal(ask(inTime, new Map(), [anchor], [first, broken, ...others]), 'ATTESTATION_SIGNATURE');
  second.fill(0);
  assert.equal(ask(), 'CHAIN_MALFORMED');
  const foreign = chainOf();
  assert.equal(ask(late, new Map(), [rootKey], foreign), 'accepted');
  assert.equal(memory.parts.size, 2);
});
