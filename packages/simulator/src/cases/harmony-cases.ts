/** Bad HarmonyOS devices. */
import type { HuksExpectations } from '@hauberk/attestation';
import { type Bytes, epochMs, toHex, utf8 } from '@hauberk/primitives';
import { childAuthority } from '../certificate.ts';
import { bytes, integer, octetString, sequence } from '../der-writer.ts';
import {
  type HarmonyClaims,
  type HarmonyLeafOptions,
  harmonyClaim,
  harmonyDescription,
  harmonyExtension,
  harmonyKey,
  harmonyMaker,
} from '../harmony.ts';
import { signingKey } from '../signing-key.ts';
import { caseTime, caseWorld, type Minted, type NegativeCase } from './judge.ts';

const challenge = utf8('the challenge of this enrolment!');
const day = 86_400_000;

const expected = (): HuksExpectations => {
  const { harmony, app } = caseWorld();
  const { appId, bundleName, appIdentifier } = app.harmony;
  return {
    challenge,
    application: { bundleName, appIds: new Set([appId]), appIdentifier },
    anchors: [harmony.root.certificate],
    now: epochMs(caseTime),
  };
};
const shown = (certificates: readonly Bytes[], more: Partial<HuksExpectations> = {}): Minted => ({
  check: 'huks',
  certificates,
  expected: { ...expected(), ...more },
});
const claims = (changed: Partial<HarmonyClaims> = {}): HarmonyClaims => ({
  challenge,
  app: caseWorld().app.harmony,
  ...changed,
});
const keyOf = (changed: Partial<HarmonyClaims> = {}, options: HarmonyLeafOptions = {}): readonly Bytes[] =>
  harmonyKey(caseWorld().harmony, claims(changed), options).certificates;
const claiming = (changed: Partial<HarmonyClaims>): readonly Minted[] => [shown(keyOf(changed))];

/** The device's own attested key signs another one's certificate. */
const extended = (): readonly Bytes[] => {
  const { harmony } = caseWorld();
  const own = childAuthority(
    {
      subject: [['2.5.4.3', 'Keystore Key']],
      from: caseTime - day,
      until: caseTime + day,
      extensions: [{ type: harmonyExtension, value: harmonyDescription(claims()) }],
    },
    harmony.intermediate,
  );
  const [leaf] = harmonyKey({ ...harmony, intermediate: own }, claims()).certificates;
  return leaf === undefined ? [] : [leaf, own.certificate, harmony.intermediate.certificate, harmony.root.certificate];
};

const harmony = (name: string, expectedReason: string, what: string, mint: () => readonly Minted[]): NegativeCase => ({
  name: `harmony-${name}`,
  platform: 'harmony',
  what,
  mint,
  expectedReason,
});

/** All of them. */
export const harmonyCases: readonly NegativeCase[] = [
  harmony('garbage', 'chain.malformed', 'The first certificate is none.', () => [
    shown([bytes(0x30, 0), ...keyOf().slice(1)]),
  ]),
  harmony('wrong-root', 'chain.untrusted', 'A root that nobody pinned.', () => [
    shown(keyOf(), { anchors: [caseWorld().apple.root.certificate] }),
  ]),
  harmony('false-root', 'chain.signature', 'The right names, under other keys.', () => [
    shown(harmonyKey(harmonyMaker(caseTime), claims()).certificates.slice(0, 2)),
    shown(keyOf({}, { impostor: signingKey('p384') })),
  ]),
  harmony('expired', 'chain.expired', 'Evidence kept for later: leaves live for days.', () => [
    shown(keyOf({}, { from: caseTime - 20 * day, until: caseTime - 13 * day })),
  ]),
  harmony('no-claims', 'HUKS_EXTENSION_MISSING', 'A certificate that claims nothing.', () => [
    shown(keyOf({}, { description: 'absent' })),
  ]),
  harmony(
    'forged-claims',
    'HUKS_EXTENSION_MISPLACED',
    'The device’s own key signs a certificate with claims of its making.',
    () => [shown(extended())],
  ),
  harmony('broken-claims', 'HUKS_MALFORMED', 'Claims that cannot be read.', () => [
    shown(keyOf({}, { description: sequence(sequence(integer(1))) })),
    shown(keyOf({}, { description: bytes(0x30, 5) })),
  ]),
  harmony('later-schema', 'HUKS_VERSION_UNKNOWN', 'A schema that nobody here has read.', () =>
    claiming({ version: 7 }),
  ),
  harmony('claim-twice', 'HUKS_CLAIM_REPEATED', 'Two origins, so that two readers see two.', () =>
    claiming({ edit: (list) => [...list, harmonyClaim(3, '1.5', octetString(bytes(2, 0, 0, 0)))] }),
  ),
  harmony('foreign-challenge', 'CHALLENGE_MISMATCH', 'Evidence of an earlier day.', () => [
    ...claiming({ challenge: utf8('the challenge of another server!') }),
    ...claiming({ edit: (list) => list.slice(1) }),
  ]),
  harmony('imported-key', 'ORIGIN_NOT_GENERATED', 'The key was imported, which the system attests all the same.', () =>
    [0, 1, 3].flatMap((origin) => claiming({ origin })),
  ),
  harmony('other-component', 'HUKS_COMPONENT', 'Something other than the keystore speaks.', () =>
    claiming({ component: new Uint8Array(16) }),
  ),
  harmony(
    'other-app',
    'APPLICATION_MISMATCH',
    'Another app of the device, or the bank’s signed by somebody else.',
    () => {
      const { app } = claims();
      return [
        ...claiming({ app: { ...app, bundleName: 'com.example.game' } }),
        ...claiming({ app: { ...app, appId: 'com.example.bank_somebody' } }),
        ...claiming({ app: { ...app, appIdentifier: '999' } }),
      ];
    },
  ),
  harmony('debug-build', 'HUKS_APP_DEBUG', 'A build of developers.', () => claiming({ appMode: 'debug' })),
  harmony('key-swapped', 'KEY_MISMATCH', 'Genuine evidence about another key than the one that is enrolled.', () => [
    shown(keyOf(), { publicKey: signingKey('p256').spki }),
  ]),
  harmony('revoked', 'CERTIFICATE_REVOKED', 'An issuer that is no longer believed.', () => {
    const serial = toHex(caseWorld().harmony.intermediate.serial);
    return [
      shown(keyOf(), {
        revocation: { takenAt: epochMs(caseTime), statuses: new Map([[serial.replace(/^0+/, ''), 'REVOKED']]) },
      }),
    ];
  }),
];
