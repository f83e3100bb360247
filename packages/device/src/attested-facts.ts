/** What hardware said about a device, in the few words that routes, tickets, operators and upstreams need. Nothing here names a person. */

import { isAtLeastTier, type TrustTier, trustTiers } from '@hauberk/attestation';

/** Where a device's key lives, as its evidence tells. */
export type TrustLevel = TrustTier;
/** All levels, weakest first. */
export const trustLevels: readonly TrustLevel[] = trustTiers;

/** Where the evidence came from. */
export type DevicePlatform = 'android' | 'ios' | 'harmony' | 'web' | 'other';

/** The facts; what a platform does not say is absent. */
export interface AttestedFacts {
  readonly platform: DevicePlatform;
  readonly level: TrustLevel;
  /** Package or team and bundle. */
  readonly app?: string;
  readonly appVersion?: string;
  /** Hexadecimal SHA-256 of the certificate that signed the app. */
  readonly appDigest?: string;
  readonly boot?: 'verified' | 'self-signed' | 'unverified' | 'failed';
  readonly locked?: boolean;
  /** YYYYMM. */
  readonly patchLevel?: number;
  readonly environment?: 'production' | 'development';
  readonly provisioning?: 'factory' | 'remote';
  /** Attestation certificates that the device got in about thirty days: many are a sign of a device farm. */
  readonly certificatesIssued?: number;
  /** Strongest label that Play Integrity gave beside the evidence of the key. */
  readonly play?: 'basic' | 'device' | 'strong';
}

/** Longest text form, in characters. */
export const maxFactsText = 256;

/** Whether a level is at least another. */
export const isAtLeast: (level: TrustLevel, least: TrustLevel) => boolean = isAtLeastTier;

/** A value as one word: what a ticket and a header can carry. */
const word = (value: string | number | boolean): string =>
  String(value)
    .replaceAll(/[^A-Za-z0-9._-]/g, '_')
    .slice(0, 64);

/**
 * The facts as a ticket and the upstream get them: `platform=android;level=hardware;app=…`. An entry that would go over the bound is left out
 * with those behind it, so the most telling ones stand first.
 */
export const factsText = (facts: AttestedFacts): string => {
  const { platform, level, boot, locked, environment, play, app, appVersion, patchLevel } = facts;
  const entries = Object.entries({
    platform,
    level,
    boot,
    locked,
    environment,
    play,
    app,
    version: appVersion,
    patch: patchLevel,
  });
  let text = '';
  for (const [name, value] of entries) {
    if (value === undefined) continue;
    const entry = `${text === '' ? '' : ';'}${name}=${word(value)}`;
    if (text.length + entry.length > maxFactsText) break;
    text += entry;
  }
  return text;
};

/** `hardware` stands for whatever is better than software. */
const namesOf: { readonly [Level in TrustLevel]: readonly string[] } = {
  software: ['software'],
  tee: ['tee', 'hardware'],
  'secure-element': ['secure-element'],
};

/** Index into the names of tiers, lowest first: the highest tier that is named after a level which this one reaches; 0 when none is. */
export const tierOfLevel = (tierNames: readonly string[], level: TrustLevel): number => {
  const reached = trustLevels.filter((other) => isAtLeast(level, other)).flatMap((other) => namesOf[other]);
  return Math.max(
    0,
    tierNames.findLastIndex((name) => reached.includes(name)),
  );
};
