/** Fresh files about agreement, signatures, RSA and lattices. */
import {
  constants,
  diffieHellman,
  encapsulate,
  generateKeyPairSync,
  type KeyObject,
  publicEncrypt,
  sign,
} from 'node:crypto';
import { hex, message, pkcs8, type SampleFile, spki, turned } from './sample-file.ts';

const ecKey = (curve: string): { privateKey: KeyObject; publicKey: KeyObject; point: string } => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: curve.replace('secp256r1', 'prime256v1') });
  const info = spki(publicKey);
  const length = info.length - info.indexOf(Buffer.from([0, 4]), 20) - 1;
  return { privateKey, publicKey, point: hex(info.subarray(info.length - length)) };
};

const ecdsa = (type: string, curve: string, sha: string, engines: number): SampleFile => {
  const { privateKey, publicKey, point } = ecKey(curve);
  const dsaEncoding = type === 'EcdsaP1363Verify' ? 'ieee-p1363' : 'der';
  const sig = hex(sign(sha.replace(/^SHA-/, 'sha'), message, { key: privateKey, dsaEncoding }));
  return {
    title: `${type} ${curve} ${sha}`,
    engines,
    algorithm: 'ECDSA',
    group: {
      type,
      publicKey: { type: 'EcPublicKey', curve, uncompressed: point },
      publicKeyDer: hex(spki(publicKey)),
      sha,
    },
    valid: { msg: hex(message), sig },
    spoil: { sig: turned(sig) },
  };
};

const dsa = (): SampleFile => {
  const { privateKey, publicKey } = generateKeyPairSync('dsa', { modulusLength: 2048, divisorLength: 256 });
  const sig = hex(sign('sha256', message, privateKey));
  return {
    title: 'DsaVerify',
    engines: 1,
    algorithm: 'DSA',
    group: { type: 'DsaVerify', publicKey: {}, publicKeyDer: hex(spki(publicKey)), sha: 'SHA-256' },
    valid: { msg: hex(message), sig },
    spoil: { msg: hex(message.subarray(1)) },
  };
};

const eddsa = (kind: 'ed25519' | 'ed448', curve: string, length: number): SampleFile => {
  const { privateKey, publicKey } = kind === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ed448');
  const info = spki(publicKey);
  const sig = hex(sign(null, message, privateKey));
  return {
    title: `EddsaVerify ${curve}`,
    engines: 2,
    algorithm: 'EDDSA',
    group: {
      type: 'EddsaVerify',
      publicKey: { curve, pk: hex(info.subarray(info.length - length)) },
      publicKeyDer: hex(info),
    },
    valid: { msg: hex(message), sig },
    spoil: { msg: hex(message.subarray(1)) },
  };
};

const pem = (key: KeyObject): string =>
  key.type === 'public'
    ? String(key.export({ format: 'pem', type: 'spki' }))
    : String(key.export({ format: 'pem', type: 'pkcs8' }));

/** The first number that occurs in a DER key and makes it one of another algorithm when it is changed. */
const foreign = (info: Buffer): string => {
  const copy = Buffer.from(info);
  const place = copy.indexOf(Buffer.from([0x06]));
  copy[place + 2] = (copy[place + 2] ?? 0) ^ 1;
  return hex(copy);
};

interface Party {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** The same two parties in every encoding that vectors use. */
const sampleOf =
  (curve: string, engines: number, algorithm: string, shared: string) =>
  (type: string, valid: SampleFile['valid'], spoil: SampleFile['spoil']): SampleFile => ({
    title: `${type} ${curve}`,
    engines,
    algorithm,
    group: { type, curve },
    valid: { ...valid, shared },
    spoil,
  });

const sharedBy = (own: Party, peer: Party): string =>
  hex(diffieHellman({ privateKey: own.privateKey, publicKey: peer.publicKey }));

const montgomerySamples = (curve: string, engines: number, length: number, make: () => Party): SampleFile[] => {
  const [own, peer] = [make(), make()];
  const sample = sampleOf(curve, engines, 'XDH', sharedBy(own, peer));
  const [ownInfo, peerInfo] = [pkcs8(own.privateKey), spki(peer.publicKey)];
  const [ownJwk, peerJwk] = [own.privateKey.export({ format: 'jwk' }), peer.publicKey.export({ format: 'jwk' })];
  const raw = { public: hex(peerInfo.subarray(-length)), private: hex(ownInfo.subarray(-length)) };
  return [
    sample('XdhComp', raw, { public: '00'.repeat(length) }),
    sample('XdhAsnComp', { public: hex(peerInfo), private: hex(ownInfo) }, { public: foreign(peerInfo) }),
    sample('XdhPemComp', { public: pem(peer.publicKey), private: pem(own.privateKey) }, { public: 'nothing' }),
    sample('XdhJwkComp', { public: peerJwk, private: ownJwk }, { public: { ...peerJwk, crv: 'Ed25519' } }),
  ];
};

const curveSamples = (curve: string, engines: number, namedCurve: string): SampleFile[] => {
  const make = (): Party => generateKeyPairSync('ec', { namedCurve });
  const [own, peer] = [make(), make()];
  const sample = sampleOf(curve, engines, 'ECDH', sharedBy(own, peer));
  const [ownInfo, peerInfo] = [pkcs8(own.privateKey), spki(peer.publicKey)];
  const scalarStart = ownInfo.indexOf(Buffer.from('02010104', 'hex')) + 5;
  const scalar = hex(ownInfo.subarray(scalarStart, scalarStart + (ownInfo[scalarStart - 1] ?? 0)));
  const point = hex(peerInfo.subarray(peerInfo.indexOf(Buffer.from([0, 4]), 20) + 1));
  const samples = [
    sample('EcdhTest', { public: hex(peerInfo), private: `00${scalar}` }, { public: foreign(peerInfo) }),
    sample('EcdhEcpointTest', { public: point, private: scalar.replace(/^(00)+/, '') }, { public: turned(point) }),
    sample('EcdhPemTest', { public: pem(peer.publicKey), private: pem(own.privateKey) }, { public: 'nothing' }),
  ];
  // There are no JWKs on these curves.
  if (curve.startsWith('brainpool')) return samples;
  const [ownJwk, peerJwk] = [own.privateKey.export({ format: 'jwk' }), peer.publicKey.export({ format: 'jwk' })];
  const spoil = { public: { ...peerJwk, crv: 'P-192' } };
  const jwk = sample('EcdhWebcryptoTest', { public: peerJwk, private: ownJwk }, spoil);
  return [...samples, { ...jwk, group: { ...jwk.group, curve: peerJwk.crv } }];
};

const rsa = (): SampleFile[] => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const publicKeyDer = hex(spki(publicKey));
  const privateKeyPkcs8 = hex(pkcs8(privateKey));
  const msg = hex(message);
  const pss = { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  const verifying = { publicKey: {}, publicKeyDer, sha: 'SHA-256' };
  const mask = { mgf: 'MGF1', mgfSha: 'SHA-256' };
  const ct = hex(publicEncrypt({ key: publicKey, oaepHash: 'sha256', oaepLabel: Buffer.from('label') }, message));
  const spoil = { msg: hex(message.subarray(1)) };
  const pkcs1 = hex(sign('sha256', message, privateKey));
  return [
    {
      title: 'RsassaPkcs1Verify',
      engines: 1,
      algorithm: 'RSASSA-PKCS1-v1_5',
      group: { type: 'RsassaPkcs1Verify', ...verifying },
      valid: { msg, sig: pkcs1 },
      spoil,
    },
    {
      title: 'RsassaPssVerify',
      engines: 1,
      algorithm: 'RSASSA-PSS',
      group: { type: 'RsassaPssVerify', ...verifying, ...mask, sLen: 32 },
      valid: { msg, sig: hex(sign('sha256', message, pss)) },
      spoil,
    },
    {
      title: 'RsaesOaepDecrypt',
      engines: 1,
      algorithm: 'RSAES-OAEP',
      group: { type: 'RsaesOaepDecrypt', privateKeyPkcs8, sha: 'SHA-256', ...mask },
      valid: { msg, ct, label: hex(Buffer.from('label')) },
      spoil: { label: '' },
    },
    {
      title: 'RsassaPkcs1Generate',
      engines: 1,
      algorithm: 'RSASSA-PKCS1-v1_5',
      group: { type: 'RsassaPkcs1Generate', privateKeyPkcs8, sha: 'SHA-256' },
      valid: { msg, sig: pkcs1 },
      spoil: {},
    },
  ];
};

const kem = (): SampleFile[] => {
  const { privateKey, publicKey } = generateKeyPairSync('ml-kem-768');
  const { sharedKey, ciphertext } = encapsulate(publicKey);
  const whole = pkcs8(privateKey);
  // PrivateKeyInfo with both forms: the seed is tagged OCTET STRING of 64 bytes, the expanded key of 2400 ends it.
  const seed = hex(whole.subarray(whole.indexOf(Buffer.from([0x04, 0x40])) + 2).subarray(0, 64));
  const ek = hex(spki(publicKey).subarray(-1184));
  const [c, K] = [hex(ciphertext), hex(sharedKey)];
  const group = (type: string): SampleFile['group'] => ({ type, parameterSet: 'ML-KEM-768' });
  const sample = (type: string, valid: SampleFile['valid'], spoil: SampleFile['spoil']): SampleFile => ({
    title: type,
    engines: 1,
    algorithm: 'ML-KEM',
    group: group(type),
    valid,
    spoil,
  });
  return [
    sample('MLKEMTest', { seed, ek, c, K }, { c: c.slice(2) }),
    sample('MLKEMKeyGen', { seed, ek, dk: '' }, { seed: seed.slice(2) }),
    sample('MLKEMDecaps', { seed, c, K }, { c: '' }),
    sample('MLKEMDecapsValidationTest', { dk: hex(whole.subarray(-2400)), c }, { dk: 'ff'.repeat(2400) }),
  ];
};

const mlDsa = (): SampleFile => {
  const { privateKey, publicKey } = generateKeyPairSync('ml-dsa-44');
  const context = Buffer.from('context');
  const sig = hex(sign(null, message, { key: privateKey, context }));
  return {
    title: 'MlDsaVerify',
    engines: 1,
    algorithm: 'ML-DSA-44',
    group: { type: 'MlDsaVerify', publicKey: hex(spki(publicKey).subarray(-1312)) },
    valid: { msg: hex(message), ctx: hex(context), sig },
    spoil: { ctx: '' },
  };
};

/** A file for every type of group with key pairs. */
export const asymmetricSamples = (): readonly SampleFile[] => [
  ecdsa('EcdsaP1363Verify', 'secp256r1', 'SHA-256', 5),
  ecdsa('EcdsaVerify', 'secp256r1', 'SHA-256', 2),
  ecdsa('EcdsaVerify', 'secp384r1', 'SHA3-512', 2),
  ecdsa('EcdsaP1363Verify', 'secp521r1', 'SHA-512', 2),
  ecdsa('EcdsaVerify', 'brainpoolP320r1', 'SHA-384', 1),
  dsa(),
  eddsa('ed25519', 'edwards25519', 32),
  eddsa('ed448', 'edwards448', 57),
  ...montgomerySamples('curve25519', 5, 32, () => generateKeyPairSync('x25519')),
  ...montgomerySamples('curve448', 2, 56, () => generateKeyPairSync('x448')),
  ...curveSamples('secp256r1', 5, 'prime256v1'),
  ...curveSamples('secp521r1', 2, 'secp521r1'),
  ...curveSamples('brainpoolP384r1', 2, 'brainpoolP384r1'),
  ...rsa(),
  ...kem(),
  mlDsa(),
];
