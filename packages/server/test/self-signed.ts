/** A self-signed P-256 certificate (RFC 5280), made here because node makes none: the least DER that a TLS client can check. */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** A certificate and its key, as PEM. */
export interface SelfSigned {
  readonly certificate: string;
  readonly key: string;
}

const lengthOf = (length: number): Buffer => {
  if (length < 128) return Buffer.from([length]);
  return length < 256 ? Buffer.from([0x81, length]) : Buffer.from([0x82, length >> 8, length & 0xff]);
};

const der = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content]);
};

const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);
const ecdsaSha256 = Buffer.from('300a06082a8648ce3d040302', 'hex');
const commonName = Buffer.from('0603550403', 'hex');
const subjectAltName = Buffer.from('0603551d11', 'hex');

/** `YYYYMMDDHHMMSSZ`. */
const generalizedTime = (instant: Date): Buffer =>
  der(0x18, Buffer.from(`${instant.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`));

const nameOf = (host: string): Buffer => sequence(der(0x31, sequence(commonName, der(0x0c, Buffer.from(host)))));

/** SubjectAltName with one IPv4 address. */
const alternative = (address: string): Buffer =>
  sequence(subjectAltName, der(0x04, sequence(der(0x87, Buffer.from(address.split('.').map(Number))))));

const toBeSigned = (publicKey: KeyObject, address: string): Buffer =>
  sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaSha256,
    nameOf(address),
    sequence(generalizedTime(new Date(Date.now() - 3_600_000)), generalizedTime(new Date(Date.now() + 86_400_000))),
    nameOf(address),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(alternative(address))),
  );

const pem = (bytes: Uint8Array): string =>
  `-----BEGIN CERTIFICATE-----\n${Buffer.from(bytes).toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;

/** A fresh certificate for an IPv4 address. */
export const selfSigned = (address: string): SelfSigned => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const body = toBeSigned(publicKey, address);
  const signature = sign('sha256', body, privateKey);
  return {
    certificate: pem(sequence(body, ecdsaSha256, der(0x03, Buffer.from([0]), signature))),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
};
