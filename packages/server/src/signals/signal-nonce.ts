/**
 * What the gateway gives a device for its next report: a nonce that only it can have made, for this device, at that time; and a question that the
 * report must answer. Nothing is remembered: 32 bytes of nonce carry the time and a keyed hash, and the question follows from them.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { EpochMs } from '@hauberk/primitives';
import type { KeyReader } from '../keys/key-provider.ts';

/** What a client gets. */
export interface SignalChallenge {
  /** 43 characters of base64url. */
  readonly nonce: string;
  /** 22 characters; what the canary answers. */
  readonly canary: string;
}

/** Makes and checks them. */
export interface SignalNonces {
  readonly issue: (device: string, now: EpochMs) => SignalChallenge;
  /** When a nonce was made for this device, and its question; undefined when nobody here made it. */
  readonly read: (
    device: string,
    nonce: string,
  ) => { readonly issuedAtMs: number; readonly canary: string } | undefined;
}

const headBytes = 16;

/** Opens them under a key that outlives restarts: a report may have waited for days. */
export const signalNonces = (keys: KeyReader, now: EpochMs): SignalNonces => {
  const secret = keys.current('privacy-subject', now).secret.reveal();
  const key = createHmac('sha256', secret).update('hauberk signal nonce 1').digest();
  const mac = (purpose: string, device: string, bytes: Uint8Array): Buffer =>
    createHmac('sha256', key).update(`${purpose}\n${device}\n`).update(bytes).digest().subarray(0, 16);
  const canaryOf = (device: string, nonce: Uint8Array): string => mac('canary', device, nonce).toString('base64url');
  return {
    issue: (device, at) => {
      const head = randomBytes(headBytes);
      head.writeUIntBE(at, 0, 6);
      const nonce = Buffer.concat([head, mac('nonce', device, head)]);
      return { nonce: nonce.toString('base64url'), canary: canaryOf(device, nonce) };
    },
    read: (device, text) => {
      const nonce = Buffer.from(text, 'base64url');
      if (nonce.length !== 32 || nonce.toString('base64url') !== text) return undefined;
      const head = nonce.subarray(0, headBytes);
      if (!timingSafeEqual(mac('nonce', device, head), nonce.subarray(headBytes))) return undefined;
      return { issuedAtMs: head.readUIntBE(0, 6), canary: canaryOf(device, nonce) };
    },
  };
};
