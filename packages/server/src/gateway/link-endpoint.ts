/** Several apps of a bank, one device: a joint proof comes through a session of one app, signed by that app's key and by the one beside it. */
import {
  type LinkSignature,
  type SharedRoute,
  sharedRoutes,
  thumbprintInput,
  type VerifiedRequest,
} from '@hauberk/channel';
import { type AttestedFacts, isActiveState, judgeLink, type LinkVerdict } from '@hauberk/device';
import {
  accept,
  type Bytes,
  fromBase64Url,
  fromUtf8,
  type Result,
  refuse,
  toBase64Url,
  utf8,
} from '@hauberk/primitives';
import { z } from 'zod';
import type { Scope } from '../storage/scope.ts';
import type { EnrolmentShell } from './enrol-endpoint.ts';
import { storageReason, type UpstreamReply } from './idempotency.ts';
import type { Reason } from './reasons.ts';

/** What linking needs beside enrolment. */
export interface LinkShell extends EnrolmentShell {
  /** Apps of the organisation. */
  readonly apps: () => readonly string[];
}

/** Largest joint proof. */
export const maxLinkBytes = 4096;

const bytes = (length: number) =>
  z
    .string()
    .max(256)
    .transform((text, issue) => {
      const read = fromBase64Url(text);
      if (read?.length === length) return read;
      issue.addIssue('must be base64url of its length');
      return z.NEVER;
    });

const proofSchema = z.strictObject({
  challenge: bytes(32),
  route: z.enum(sharedRoutes),
  ownSignature: bytes(64),
  sharedKey: bytes(65),
  sharedSignature: bytes(64),
});

type Proof = z.infer<typeof proofSchema>;

const readProof = (body: Uint8Array): Proof | undefined => {
  try {
    return proofSchema.parse(JSON.parse(fromUtf8(body) ?? ''));
  } catch {
    return undefined;
  }
};

/** Keychain groups are Apple's, bridges of makers are on the other phones; two apps that sign alike are possible anywhere. */
const routesOf = ({ platform, level }: AttestedFacts): readonly SharedRoute[] => {
  if (level === 'software') return ['server-link'];
  return platform === 'ios' ? ['keychain-group', 'server-link'] : ['vendor-bridge', 'server-link'];
};

const thumbprintOf = ({ crypto }: LinkShell, key: Bytes): string => toBase64Url(crypto.sha256(thumbprintInput(key)));

/** The other app's device by its key, and what it is one with already. */
const otherDevice = async (shell: LinkShell, { organisation, app }: Scope, thumbprint: string) => {
  for (const other of shell.apps().filter((name) => name !== app)) {
    const scope = { organisation, app: other };
    const keyed = await shell.devices.findByThumbprint(scope, thumbprint, 'identity');
    if (keyed === undefined || !isActiveState(keyed.device.state)) continue;
    const { shared } = await shell.attestations.current(scope, keyed.device);
    return { scope, id: keyed.device.id, identity: shared?.identity };
  }
  return undefined;
};

/** The identity that the devices share. A shared key is one; without any, the first of two linked devices gives its key's name. */
const identityOf = async (
  shell: LinkShell,
  scope: Scope,
  { route, sharedKey }: LinkVerdict,
): Promise<Result<string, Reason>> => {
  const thumbprint = thumbprintOf(shell, sharedKey);
  if (route !== 'server-link') return accept(thumbprint);
  const other = await otherDevice(shell, scope, thumbprint);
  if (other === undefined) return refuse('link.refused', 'the other key is no device of another app');
  const identity = other.identity ?? thumbprint;
  if (other.identity !== undefined) return accept(identity);
  const linked = await shell.attestations.link(other.scope, other.id, { identity, route }, shell.now());
  return linked.ok || linked.code === 'device-unknown' ? accept(identity) : refuse(storageReason(linked.code));
};

const judge = async (
  shell: LinkShell,
  scope: Scope,
  deviceId: string,
  proof: Proof,
): Promise<Result<LinkVerdict, Reason>> => {
  const consumed = await shell.challenges.consume(scope, proof.challenge, shell.now());
  if (!consumed.ok)
    return consumed.code.startsWith('storage-')
      ? refuse('storage.overloaded')
      : refuse('enrol.challenge', consumed.code);
  const record = (await shell.attestations.record(scope, deviceId))?.record;
  const own = record?.keys.find(({ purpose }) => purpose === 'identity')?.publicKey;
  if (record === undefined || own === undefined) return refuse('hello.device-unknown');
  const { challenge, route, ownSignature, sharedKey, sharedSignature } = proof;
  const statement = { challenge, ...scope, deviceId, route };
  const [mine, theirs]: LinkSignature[] = [
    { publicKey: own, signature: ownSignature },
    { publicKey: sharedKey, signature: sharedSignature },
  ];
  if (mine === undefined || theirs === undefined) return refuse('link.refused');
  const verify = (key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean =>
    shell.crypto.verify(key, message, signature);
  const judged = judgeLink(statement, mine, theirs, routesOf(record.appraised.facts), verify);
  return judged.ok ? judged : refuse('link.refused', judged.code);
};

/** Makes the device of a session one with the owner of another key. */
export const linkDevice = async (
  shell: LinkShell,
  { facts, body }: VerifiedRequest,
): Promise<Result<UpstreamReply, Reason>> => {
  const proof = readProof(body);
  if (proof === undefined) return refuse('body.not-json');
  const scope = { organisation: facts.organisation, app: facts.app };
  const judged = await judge(shell, scope, facts.deviceId, proof);
  if (!judged.ok) return judged;
  const identity = await identityOf(shell, scope, judged.value);
  if (!identity.ok) return identity;
  const shared = { identity: identity.value, route: judged.value.route };
  const linked = await shell.attestations.link(scope, facts.deviceId, shared, shell.now());
  if (!linked.ok)
    return linked.code === 'device-unknown' ? refuse('hello.device-unknown') : refuse(storageReason(linked.code));
  const headers = ['content-type', 'application/json', 'cache-control', 'no-store, no-transform'];
  return accept({ status: 200, headers, body: utf8(JSON.stringify(shared)) });
};
