/** What attackers do with phones, and how each trick ends before an appraisal under the strict policy. */

/** A trick. */
export type PhoneTrick =
  | 'unlocked'
  | 'self-signed-boot'
  | 'emulator'
  | 'level-mismatch'
  | 'repackaged'
  | 'other-app'
  | 'old-patch'
  | 'imported-key'
  | 'leaked-keybox'
  | 'suspended-keybox'
  | 'forged-extension'
  | 'replayed-evidence'
  | 'swapped-key'
  | 'expired-provisioning'
  | 'unknown-root'
  | 'device-farm'
  | 'development-build'
  | 'sideloaded'
  | 'counter-rollback';

/** In words, for the demo and reports. */
export const trickWords: Readonly<Record<PhoneTrick, string>> = {
  unlocked: 'The boot loader is unlocked.',
  'self-signed-boot': 'A system of the owner’s own was booted.',
  emulator: 'No hardware at all: the key store is software.',
  'level-mismatch': 'A key of software, described by hardware as StrongBox’s.',
  repackaged: 'The app was changed and signed by somebody else.',
  'other-app': 'A genuine phone’s other app asks in the bank’s name.',
  'old-patch': 'The system has not been updated for years.',
  'imported-key': 'The key was made elsewhere and imported: copies exist.',
  'leaked-keybox': 'A maker’s attestation key leaked, and is on the list.',
  'suspended-keybox': 'The same, and the list says suspended.',
  'forged-extension': 'A genuine phone’s own key signs a certificate that claims whatever it likes.',
  'replayed-evidence': 'Evidence of an earlier day is shown again.',
  'swapped-key': 'The evidence is genuine and about another key.',
  'expired-provisioning': 'A provisioned certificate that is over.',
  'unknown-root': 'A maker that nobody knows.',
  'device-farm': 'One phone was issued hundreds of certificates in a month.',
  'development-build': 'A build for developers, whose keys anybody can make.',
  sideloaded: 'An enterprise build from outside the store.',
  'counter-rollback': 'Two copies assert with one key: the counter stands still.',
};
