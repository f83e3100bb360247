/** The rules of SIM and device binding as data: what is asked, who asks it, where it is decided and what a refusal is called. */

/** Every rule. B01 to B23 follow the published rules; B24 to B26 are ours. */
export const ruleIds = [
  'B01',
  'B02',
  'B03',
  'B04',
  'B05',
  'B06',
  'B07',
  'B08',
  'B09',
  'B10',
  'B11',
  'B12',
  'B13',
  'B14',
  'B15',
  'B16',
  'B17',
  'B18',
  'B19',
  'B20',
  'B21',
  'B22',
  'B23',
  'B24',
  'B25',
  'B26',
] as const;

/** A rule's id. */
export type RuleId = (typeof ruleIds)[number];

/** Why a binding, or the use of one, is refused (docs/binding.md, docs/reasons.md). */
export type BindingCode =
  | 'binding.sim-missing'
  | 'binding.airplane-mode'
  | 'binding.wrong-path'
  | 'binding.session-left'
  | 'binding.composer-slow'
  | 'binding.two-numbers'
  | 'binding.second-sms'
  | 'binding.token-shape'
  | 'binding.device-blocked'
  | 'binding.app-outdated'
  | 'binding.expired'
  | 'binding.token-used'
  | 'binding.vmn-pool'
  | 'binding.wrong-vmn'
  | 'binding.no-possession'
  | 'binding.profile-limit'
  | 'binding.number-revoked'
  | 'binding.number-list-stale'
  | 'binding.number-risk'
  | 'binding.cooling-limit'
  | 'binding.already-bound'
  | 'binding.busy'
  | 'binding.inactive'
  | 'binding.single-factor'
  | 'binding.factor-replayed'
  | 'binding.sim-changed'
  | 'binding.system-outdated'
  | 'binding.number-mismatch'
  | 'binding.carrier-mismatch'
  | 'binding.not-attested'
  | 'binding.link-untrusted'
  | 'binding.foreign-device'
  | 'binding.failover'
  | 'binding.unproven'
  | 'binding.wrong-state'
  | 'binding.unknown';

/** Who can know whether a rule is kept: the server by itself, or the client, whose word counts only from an attested device. */
export type Decider = 'server' | 'attested-client' | 'both';

/** One rule. */
export interface Rule {
  readonly id: RuleId;
  /** What is asked, in our words. */
  readonly words: string;
  readonly source: string;
  readonly platform: 'android' | 'ios' | 'both';
  readonly decidedBy: Decider;
  /** The reasons that its refusals carry. */
  readonly codes: readonly BindingCode[];
}

const upi = 'UPI device binding';
const checklist = 'NPCI checklist as circulated to banks';

const rule = (
  id: RuleId,
  words: string,
  source: string,
  platform: Rule['platform'],
  decidedBy: Decider,
  codes: readonly BindingCode[],
): Rule => ({ id, words, source, platform, decidedBy, codes });

/** The table. */
export const rules: readonly Rule[] = [
  rule(
    'B01',
    'Android shows a SIM or eSIM; iOS shows that its cellular path works. Not knowing counts as having none.',
    upi,
    'both',
    'attested-client',
    ['binding.sim-missing'],
  ),
  rule('B02', 'Airplane mode is off, when the token is asked for and until the end.', upi, 'both', 'attested-client', [
    'binding.airplane-mode',
  ]),
  rule(
    'B03',
    'Android may use Wi-Fi while B01 and B02 hold; iOS comes over mobile data, which the source network must confirm.',
    upi,
    'both',
    'both',
    ['binding.wrong-path'],
  ),
  rule(
    'B04',
    'Android: whoever leaves the session or presses a key burns the token; only the notice of SMS charges is excepted.',
    upi,
    'android',
    'both',
    ['binding.session-left'],
  ),
  rule(
    'B05',
    'iOS: cancelling, or more than 5 s from the composer back to the app, declines.',
    checklist,
    'ios',
    'both',
    ['binding.composer-slow', 'binding.session-left'],
  ),
  rule('B06', 'One token that comes from two numbers binds neither, whatever the order.', upi, 'both', 'server', [
    'binding.two-numbers',
  ]),
  rule(
    'B07',
    "A second SMS with the same token voids it; a carrier's redelivery of one physical SMS is not a second one.",
    upi,
    'both',
    'server',
    ['binding.second-sms'],
  ),
  rule(
    'B08',
    'A token has at least 35 characters with letters, digits and specials (a space is none) and at least 128 bits.',
    upi,
    'both',
    'server',
    ['binding.token-shape'],
  ),
  rule(
    'B09',
    'The fourth token of a device blocks it for 24 h, by device id, attested key and fingerprint alike.',
    upi,
    'both',
    'server',
    ['binding.device-blocked'],
  ),
  rule(
    'B10',
    'Only the latest app version registers; the attested version beats the claimed one.',
    upi,
    'both',
    'both',
    ['binding.app-outdated'],
  ),
  rule(
    'B11',
    "From issue to binding at most 45 s pass on the server's clock, also over a failover.",
    upi,
    'both',
    'server',
    ['binding.expired', 'binding.failover'],
  ),
  rule('B12', 'Every attempt has a new token; one that was used names nothing any more.', upi, 'both', 'server', [
    'binding.token-used',
  ]),
  rule(
    'B13',
    'At least ten VMNs, none consecutive, none twice, chosen at random and never the same twice in a row.',
    upi,
    'both',
    'server',
    ['binding.vmn-pool'],
  ),
  rule('B14', 'The SMS arrives on the VMN that was assigned.', upi, 'both', 'server', ['binding.wrong-vmn']),
  rule(
    'B15',
    'Possession is shown by the sent item, else after polling by a one-time code that the app reads itself, else not at all.',
    upi,
    'both',
    'both',
    ['binding.no-possession', 'binding.unproven'],
  ),
  rule('B16', 'A customer tries at most three bindings a day.', checklist, 'both', 'server', ['binding.profile-limit']),
  rule(
    'B17',
    'A number that was disconnected or recycled is refused; the list is at most seven days old.',
    'NPCI on MNRL and DIP, March 2025',
    'both',
    'server',
    ['binding.number-revoked', 'binding.number-list-stale'],
  ),
  rule(
    'B18',
    'A number of very high fraud risk is declined, one of medium risk or above is stepped up; silence has a written answer.',
    'DoT FRI, RBI advisory June 2025',
    'both',
    'server',
    ['binding.number-risk'],
  ),
  rule(
    'B19',
    'In the first 24 h a binding moves at most INR 5,000 at a time and in all.',
    'reported practice, August 2025',
    'both',
    'server',
    ['binding.cooling-limit'],
  ),
  rule(
    'B20',
    'One live binding for each profile and app; a new one ends the old only with consent, and two at once do not both win.',
    upi,
    'both',
    'server',
    ['binding.already-bound', 'binding.busy'],
  ),
  rule('B21', 'A binding that was not used for a year ends.', 'NPCI, November 2023', 'both', 'server', [
    'binding.inactive',
  ]),
  rule(
    'B22',
    'Two independent factors, one of them new each time; one compromise must not yield both.',
    'RBI authentication directions, in force April 2026',
    'both',
    'server',
    ['binding.single-factor', 'binding.factor-replayed'],
  ),
  rule(
    'B23',
    'A SIM that changed under a bound device ends its binding and sessions; a number swapped lately does not bind.',
    'DoT SIM binding order, November 2025',
    'both',
    'both',
    ['binding.sim-changed'],
  ),
  rule(
    'B24',
    'The operating system is of a served family, and its version and patch level are at or above the floor.',
    'ours',
    'both',
    'both',
    ['binding.system-outdated'],
  ),
  rule(
    'B25',
    'The number that the SMS came from, the declared one and the one that is registered for the customer are the same.',
    'ours',
    'both',
    'server',
    ['binding.number-mismatch'],
  ),
  rule(
    'B26',
    'The declared carrier and SIM slot agree with what sent the SMS; a ported or unnamed carrier is tolerated.',
    'ours',
    'both',
    'both',
    ['binding.carrier-mismatch'],
  ),
];
