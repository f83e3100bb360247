/** Wycheproof groups about agreement, signatures, RSA and lattices. */
import { equalBytes } from '@hauberk/primitives';
import type { PublicKey } from './algorithm.ts';
import { ecKeys, montgomeryKeys, type RawKeys } from './encoded-keys.ts';
import { type GroupRule, rule, type Verdict } from './group-rule.ts';
import { hashName } from './hash-names.ts';
import { countOf, hexOf, type Members, membersOf, optionalHexOf, textOf } from './members.ts';

/** Files about JWKs call curves by their JWK names. */
const jwkNames: { readonly [name: string]: string } = {
  'P-256': 'secp256r1',
  'P-384': 'secp384r1',
  'P-521': 'secp521r1',
  'P-256K': 'secp256k1',
  X25519: 'curve25519',
  X448: 'curve448',
};
const curveOf = (group: Members): string => {
  const name = textOf(group, 'curve');
  return jwkNames[name] ?? name;
};

const namedCurves: { readonly [name: string]: string } = {
  curve25519: 'X25519',
  curve448: 'X448',
  edwards25519: 'Ed25519',
  edwards448: 'Ed448',
};
const curveName = (name: string): string => namedCurves[name] ?? name;

const equalOr = (actual: Uint8Array, expected: Uint8Array, otherwise: Verdict): Verdict =>
  equalBytes(actual, expected) ? 'accepted' : otherwise;

const agreement = (prefix: string, keysOf: (curve: string, test: Members) => RawKeys): GroupRule =>
  rule(
    'agreement',
    (_file, group) => `${prefix}${curveName(curveOf(group))}`,
    async (algorithm, { group, test }) => {
      const { scalar, peer } = keysOf(curveOf(group), test);
      return equalOr(await algorithm.agree(scalar, peer), hexOf(test, 'shared'), 'wrong');
    },
  );

/** Older files call the public key `key`. */
const keyMembers = (group: Members): Members => membersOf(group['publicKey'] ?? group['key'] ?? {});

const publicKeyOf = (group: Members): PublicKey => {
  const key = keyMembers(group);
  const rawName = ['uncompressed', 'pk'].find((name) => key[name] !== undefined);
  return {
    info: hexOf(group, group['publicKeyDer'] === undefined ? 'keyDer' : 'publicKeyDer'),
    raw: rawName === undefined ? undefined : hexOf(key, rawName),
  };
};

const signature = (
  algorithmName: GroupRule['algorithmName'],
  keyOf: (group: Members) => PublicKey = publicKeyOf,
): GroupRule =>
  rule('signature', algorithmName, async (algorithm, { group, test }) => {
    const input = {
      message: hexOf(test, 'msg'),
      signature: hexOf(test, 'sig'),
      context: optionalHexOf(test, 'ctx'),
    };
    return (await algorithm.verify(keyOf(group), input)) ? 'accepted' : 'refused';
  });

const hashIn = (group: Members, name = 'sha'): string => hashName(textOf(group, name));
const ecdsaName =
  (form: string) =>
  (_file: Members, group: Members): string =>
    `ECDSA-${textOf(keyMembers(group), 'curve')}-${hashIn(group)}-${form}`;
const dsaName =
  (form: string) =>
  (_file: Members, group: Members): string =>
    `DSA-${hashIn(group)}-${form}`;
const eddsaName = (_file: Members, group: Members): string => curveName(textOf(keyMembers(group), 'curve'));
const pkcs1Name = (_file: Members, group: Members): string => `RSASSA-PKCS1-v1_5-${hashIn(group)}`;
const maskName = (group: Members): string => `${hashIn(group)}-${textOf(group, 'mgf')}-${hashIn(group, 'mgfSha')}`;
const pssName = (_file: Members, group: Members): string => `RSASSA-PSS-${maskName(group)}-${countOf(group, 'sLen')}`;

const rsaSigning = rule(
  'signing',
  (_file, group) => `RSASSA-PKCS1-v1_5-SIGN-${hashIn(group)}`,
  async (algorithm, { group, test }) =>
    equalOr(await algorithm.sign(hexOf(group, 'privateKeyPkcs8'), hexOf(test, 'msg')), hexOf(test, 'sig'), 'wrong'),
);

const oaep = rule(
  'decryption',
  (_file, group) => `RSAES-OAEP-${maskName(group)}`,
  async (algorithm, { group, test }) => {
    const privateKey = hexOf(group, 'privateKeyPkcs8');
    const opened = await algorithm.decrypt(privateKey, hexOf(test, 'ct'), hexOf(test, 'label'));
    return opened === undefined ? 'refused' : equalOr(opened, hexOf(test, 'msg'), 'wrong');
  },
);

const parameterSet = (_file: Members, group: Members): string => textOf(group, 'parameterSet');

const mlKem = rule('kem', parameterSet, async (algorithm, { test }) => {
  const seed = hexOf(test, 'seed');
  const expected = optionalHexOf(test, 'ek');
  const publicKey = await algorithm.publicKeyOf(seed);
  // A case about the ciphertext may leave out the key.
  if (expected.length > 0 && !equalBytes(publicKey, expected)) return 'wrong';
  return equalOr(await algorithm.decapsulate(seed, hexOf(test, 'c')), hexOf(test, 'K'), 'wrong');
});

const mlKemKeys = rule('kem', parameterSet, async (algorithm, { test }) =>
  equalOr(await algorithm.publicKeyOf(hexOf(test, 'seed')), hexOf(test, 'ek'), 'wrong'),
);

/** Engines draw their own randomness, so only keys that must be refused can be judged in full. */
const mlKemEncapsulation = rule('kem', parameterSet, async (algorithm, { test }) => {
  await algorithm.encapsulate(hexOf(test, 'ek'));
  return 'partial';
});

const mlKemDecapsulation = rule('kem', parameterSet, async (algorithm, { test }) => {
  const shared = await algorithm.decapsulate(hexOf(test, 'dk'), hexOf(test, 'c'));
  return test['K'] === undefined ? 'accepted' : equalOr(shared, hexOf(test, 'K'), 'wrong');
});

const rawKey = (group: Members): PublicKey => ({ info: new Uint8Array(0), raw: hexOf(group, 'publicKey') });

const agreements = (
  prefix: string,
  keys: { readonly [type: string]: (curve: string, test: Members) => RawKeys },
): (readonly [string, GroupRule])[] => Object.entries(keys).map(([type, keysOf]) => [type, agreement(prefix, keysOf)]);

/** By type of group. */
export const asymmetricRules: readonly (readonly [string, GroupRule])[] = [
  ...agreements('', montgomeryKeys),
  ...agreements('ECDH-', ecKeys),
  ['EcdsaVerify', signature(ecdsaName('DER'))],
  ['EcdsaP1363Verify', signature(ecdsaName('P1363'))],
  ['EcdsaBitcoinVerify', signature(ecdsaName('BITCOIN'))],
  ['DsaVerify', signature(dsaName('DER'))],
  ['DsaP1363Verify', signature(dsaName('P1363'))],
  ['EddsaVerify', signature(eddsaName)],
  ['RsassaPkcs1Verify', signature(pkcs1Name)],
  ['RsassaPssVerify', signature(pssName)],
  ['RsassaPkcs1Generate', rsaSigning],
  ['RsaesOaepDecrypt', oaep],
  ['MLKEMTest', mlKem],
  ['MLKEMKeyGen', mlKemKeys],
  ['MLKEMDecaps', mlKem],
  ['MLKEMEncapsTest', mlKemEncapsulation],
  ['MLKEMEncaps', mlKemEncapsulation],
  ['MLKEMDecapsValidationTest', mlKemDecapsulation],
  ['MlDsaVerify', signature((file) => textOf(file, 'algorithm'), rawKey)],
];
