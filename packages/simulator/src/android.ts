/** A maker of Android phones: roots, factory keyboxes, remote provisioning, and chains for the keys of its phones. */
import type { Bytes } from '@hauberk/primitives';
import { type AndroidLevel, androidDescription, type DescriptionClaims } from './android-description.ts';
import { cborMap } from './cbor-writer.ts';
import {
  type Authority,
  attribute,
  childAuthority,
  type Extension,
  type Issuer,
  issue,
  type Name,
  rootAuthority,
} from './certificate.ts';
import { type KeyKind, type SigningKey, signingKey } from './signing-key.ts';

/** Object identifiers of Google's extensions. */
export const androidExtension = {
  description: '1.3.6.1.4.1.11129.2.1.17',
  provisioning: '1.3.6.1.4.1.11129.2.1.30',
} as const;

/** A day in milliseconds. */
export const day = 86_400_000;
const year = 365 * day;

/** Who makes phones, under a root that the verifier pins by key. */
export interface AndroidMaker {
  readonly root: Authority;
  readonly anchorKey: Bytes;
  /** The time at which the maker's phones are used, in milliseconds. */
  readonly now: number;
}

/** Makes a maker; RSA is Google's root of 2016, P-384 the one of 2025. */
export const androidMaker = (
  now: number,
  rootKind: Extract<KeyKind, 'rsa2048' | 'rsa4096' | 'p384'> = 'p384',
): AndroidMaker => {
  const name: Name =
    rootKind === 'p384'
      ? [
          [attribute.commonName, 'Simulated Key Attestation CA1'],
          [attribute.organisation, 'Simulated Maker'],
        ]
      : [[attribute.serialNumber, 'f92009e853b6b045']];
  const root = rootAuthority(name, rootKind, now - 8 * year, now + 8 * year);
  return { root, anchorKey: root.key.spki, now };
};

/** What signs the certificates of a phone's keys, with the certificates above it. */
export interface AttestationBatch {
  readonly issuer: Issuer;
  /** From the attestation certificate up to the root. */
  readonly above: readonly Bytes[];
}

/** How a batch came to be. */
export interface BatchOptions {
  readonly level?: AndroidLevel;
  /** Of the attestation certificate. */
  readonly serial?: Uint8Array;
  /** Of the intermediate. */
  readonly intermediateSerial?: Uint8Array;
  /** Factory batches are ten years old by default: their dates are over. Remote ones are a week old and last three more. */
  readonly from?: number;
  readonly until?: number;
  /** Remote batches: what the provisioning extension holds; how many certificates the phone was issued. */
  readonly issuedCount?: number;
  /** Raw value of the provisioning extension, for malformed ones. */
  readonly provisioningValue?: Bytes;
  /** Remote batches: how many authorities may stand below the intermediate. */
  readonly intermediatePathLength?: number;
  /** Whether the intermediate may sign certificates. */
  readonly intermediateAuthority?: 'yes' | 'no' | 'none';
  /** Whether the attestation certificate is a CA; genuine phones have both. */
  readonly attestationAuthority?: 'yes' | 'no' | 'none';
  readonly attestationExtensions?: readonly Extension[];
  /** Signs the intermediate in the root's name: another root with the same name. */
  readonly impostor?: SigningKey;
}

const titled = (level: AndroidLevel, serial: string): Name => [
  [attribute.serialNumber, serial],
  [attribute.title, level === 'STRONG_BOX' ? 'StrongBox' : 'TEE'],
];

const certificateOf = (authority: Authority, above: readonly Authority[]): AttestationBatch => ({
  issuer: authority,
  above: [authority, ...above].map(({ certificate }) => certificate),
});

/** A keybox written in the factory: root, intermediate, attestation certificate. Its dates are meant to be over. */
export const factoryBatch = (maker: AndroidMaker, options: BatchOptions = {}): AttestationBatch => {
  const { level = 'TRUSTED_ENVIRONMENT', from = maker.now - 6 * year, until = maker.now - year } = options;
  const parent = options.impostor === undefined ? maker.root : { name: maker.root.name, key: options.impostor };
  const intermediate = childAuthority(
    {
      subject: titled(level, '1a8e0c57f3b24d90'),
      from,
      until,
      authority: options.intermediateAuthority ?? 'yes',
      ...(options.intermediateSerial === undefined ? {} : { serial: options.intermediateSerial }),
    },
    parent,
  );
  const attestation = childAuthority(
    {
      subject: titled(level, '5c3be0d94a7712f6'),
      from,
      until,
      authority: options.attestationAuthority ?? 'no',
      extensions: options.attestationExtensions ?? [],
      ...(options.serial === undefined ? {} : { serial: options.serial }),
    },
    intermediate,
  );
  return certificateOf(attestation, [intermediate, maker.root]);
};

/** A certificate provisioned over the network: root, intermediate, server, attestation certificate that lives for weeks. */
export const remoteBatch = (maker: AndroidMaker, options: BatchOptions = {}): AttestationBatch => {
  const { level = 'TRUSTED_ENVIRONMENT', from = maker.now - 7 * day, until = maker.now + 21 * day } = options;
  const organisation = [attribute.organisation, 'Simulated Maker'] as const;
  const intermediate = childAuthority(
    {
      subject: [[attribute.commonName, 'Droid CA2'], organisation],
      from: maker.now - 2 * year,
      until: maker.now + 2 * year,
      ...(options.intermediatePathLength === undefined ? {} : { pathLength: options.intermediatePathLength }),
    },
    maker.root,
    signingKey('p384'),
  );
  const server = childAuthority(
    {
      subject: [[attribute.commonName, 'Droid CA3'], organisation],
      from: maker.now - 60 * day,
      until: maker.now + 60 * day,
    },
    intermediate,
  );
  const value = options.provisioningValue ?? cborMap([[1, options.issuedCount ?? 1]]);
  const attestation = childAuthority(
    {
      subject: [
        [attribute.commonName, '0f1e2d3c4b5a69788796a5b4c3d2e1f0'],
        [attribute.organisation, level === 'STRONG_BOX' ? 'StrongBox' : 'TEE'],
      ],
      from,
      until,
      authority: options.attestationAuthority ?? 'yes',
      extensions: [{ type: androidExtension.provisioning, value }],
      ...(options.serial === undefined ? {} : { serial: options.serial }),
    },
    server,
  );
  return certificateOf(attestation, [server, intermediate, maker.root]);
};

/** An attested key: its chain, leaf first, and the key itself (which real hardware would never show). */
export interface AttestedKey {
  readonly certificates: readonly Bytes[];
  readonly key: SigningKey;
}

/** What differs from an honest leaf. */
export interface LeafOptions {
  readonly key?: SigningKey;
  /** Signs instead of the batch's key, in the batch's name. */
  readonly signer?: SigningKey;
  /** Name of the issuer, where it is not the batch's. */
  readonly issuerName?: Name;
  /** `absent`: a leaf without the attestation extension. */
  readonly description?: Bytes | 'absent';
}

/** The certificate of a key, signed by the phone's attestation key. */
export const androidLeaf = (
  batch: AttestationBatch,
  claims: DescriptionClaims,
  options: LeafOptions = {},
): AttestedKey => {
  const { key = signingKey(claims.algorithm ?? 'p256'), description = androidDescription(claims) } = options;
  const issuer = { name: options.issuerName ?? batch.issuer.name, key: options.signer ?? batch.issuer.key };
  const extensions = description === 'absent' ? [] : [{ type: androidExtension.description, value: description }];
  const leaf = issue(
    {
      subject: [[attribute.commonName, 'Android Keystore Key']],
      spki: key.spki,
      serial: Uint8Array.of(1),
      from: 0,
      until: Date.UTC(2048, 0, 1),
      authority: 'none',
      extensions,
    },
    issuer,
  );
  return { certificates: [leaf, ...batch.above], key };
};
