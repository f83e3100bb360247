/**
 * Our own observable: an entity (device, account, payee, phone, card) as a digest under a key that two partners share. Who lacks the key learns nothing of
 * it, and who has it finds its own. It comes by an extension definition, as STIX 2.1 section 7.3 asks of new types.
 */
import { canonicalJson, type JsonValue, toHex, utf8 } from '@hauberk/primitives';
import type { StixObject } from './stix-object.ts';

/** The type of the object. */
export const entityType = 'hauberk-entity';
/** The id of the extension definition; the same wherever Hauberk runs. */
export const entityExtension = 'extension-definition--5b7f7d0e-0b0c-4f0e-9c5d-6c1d9d8f3a21';
const extensionAuthor = 'identity--8a0e2f8e-5f0a-4d4f-8a57-0f6a3f0b7c11';
const extensionTime = '2026-01-01T00:00:00.000Z';

/** Kinds of entities that are told to partners. */
export const sharedKinds = ['device', 'account', 'payee', 'phone', 'card'] as const;
/** One of them. */
export type SharedKind = (typeof sharedKinds)[number];

/** Makes digests; SHA-1 is what version 5 of a UUID is made of and protects nothing here. */
export interface DigestPort {
  readonly sha1: (input: Uint8Array) => Uint8Array;
}

/** Namespace of observables (STIX 2.1, section 2.9). */
const observableNamespace = '00abedb4aa42466c9c01fed23315a9b7';

const bytesOf = (hex: string): Uint8Array =>
  Uint8Array.from({ length: hex.length / 2 }, (_, index) => Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16));

/** UUID version 5 of a name in a namespace (RFC 9562, section 5.5). */
export const nameUuid = ({ sha1 }: DigestPort, name: string, namespace: string = observableNamespace): string => {
  const space = bytesOf(namespace);
  const text = utf8(name);
  const input = new Uint8Array(space.length + text.length);
  input.set(space);
  input.set(text, space.length);
  const digest = sha1(input).slice(0, 16);
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x50;
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80;
  const hex = toHex(digest);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};

/** An entity as partners see it. `scheme` names the shared key. */
export interface SharedEntity {
  readonly kind: SharedKind;
  readonly digest: string;
  readonly scheme: string;
}

/** The object of an entity. The same entity under the same key is the same object everywhere. */
export const entityObject = (digests: DigestPort, { kind, digest, scheme }: SharedEntity): StixObject => {
  const contributing = { digest, digest_scheme: scheme, entity_kind: kind };
  return {
    type: entityType,
    spec_version: '2.1',
    id: `${entityType}--${nameUuid(digests, canonicalJson(contributing))}`,
    ...contributing,
    extensions: { [entityExtension]: { extension_type: 'new-sco' } },
  };
};

/** The definition of the extension, with the identity that made it; told along with every object of it. */
export const entityDefinition: readonly StixObject[] = [
  {
    type: 'identity',
    spec_version: '2.1',
    id: extensionAuthor,
    created: extensionTime,
    modified: extensionTime,
    name: 'Hauberk',
    identity_class: 'organization',
  },
  {
    type: 'extension-definition',
    spec_version: '2.1',
    id: entityExtension,
    created_by_ref: extensionAuthor,
    created: extensionTime,
    modified: extensionTime,
    name: 'Pseudonymous entity',
    description:
      'An entity of mobile finance (device, account, payee, phone, card) as a keyed digest. digest: HMAC-SHA-256, hexadecimal; digest_scheme: the name of the shared key; entity_kind: what it is.',
    schema: 'docs/intelligence.md#the-observable',
    version: '1.0.0',
    extension_types: ['new-sco'],
  },
];

/** Whether a value is a kind that is told to partners. */
export const isSharedKind = (value: JsonValue | undefined): value is SharedKind =>
  sharedKinds.some((kind) => kind === value);
