/** Rules that are judged before a token exists: what passes, and what does not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type BindingRequest,
  blocked,
  type ClientEvidence,
  counted,
  defaultBindingPolicy,
  emptyTally,
  type NumberFacts,
  type Platform,
  type RequestingDevice,
  type StepContext,
  type Tally,
} from '@hauberk/binding';
import { days, epochMs, hours } from '@hauberk/primitives';
import { honestDevice, honestEvidence, honestRequest, judgeRequest, start } from '../vectors/honest.ts';

const issued = { to: 'issued', code: undefined };
const passes = (request: BindingRequest, over: Partial<StepContext> = {}): void =>
  assert.deepEqual(judgeRequest(request, over), issued);
const declines = (code: string, request: BindingRequest, over: Partial<StepContext> = {}): void =>
  assert.deepEqual(judgeRequest(request, over), { to: 'declined', code });

const seeing = (over: Partial<ClientEvidence>, platform: Platform = 'android', more: Partial<BindingRequest> = {}) =>
  honestRequest({ evidence: { ...honestEvidence(platform), ...over }, ...more }, platform);
const from = (over: Partial<RequestingDevice>, platform: Platform = 'android') =>
  honestRequest({ device: honestDevice(platform, over) }, platform);
const knowing = (over: Partial<NumberFacts>, more: Partial<BindingRequest> = {}) =>
  honestRequest({ facts: { ...honestRequest().facts, ...over }, ...more });

test('B01 holds: a SIM on Android, a cellular path that works on iOS', () => {
  passes(seeing({ sim: 'present' }));
  // iOS cannot tell of its SIM at all (since 16.4), so only the path counts.
  passes(seeing({ sim: 'unknown', cellularWorks: true }, 'ios'));
});
test('B01 refuses: no SIM, and not knowing is having none', () => {
  declines('binding.sim-missing', seeing({ sim: 'absent' }));
  declines('binding.sim-missing', seeing({ sim: 'unknown' }));
  declines('binding.sim-missing', seeing({ sim: 'present', cellularWorks: false }, 'ios'));
});

test('B02 holds: airplane mode is off', () => {
  passes(seeing({ airplane: 'off' }));
  passes(seeing({ airplane: 'off' }, 'ios'));
});
test('B02 refuses: airplane mode is on or not known', () => {
  for (const platform of ['android', 'ios'] as const)
    for (const airplane of ['on', 'unknown'] as const)
      declines('binding.airplane-mode', seeing({ airplane }, platform));
});

test('B03 holds: Wi-Fi on Android beside a SIM, mobile data on iOS', () => {
  passes(seeing({ path: 'wifi' }, 'android', { network: 'fixed' }));
  passes(seeing({ path: 'cellular' }, 'ios', { network: 'mobile' }));
});
test('B03 refuses: iOS over Wi-Fi, iOS that says mobile from a fixed line, a path nobody knows', () => {
  declines('binding.wrong-path', seeing({ path: 'wifi' }, 'ios'));
  declines('binding.wrong-path', seeing({ path: 'cellular' }, 'ios', { network: 'fixed' }));
  declines('binding.wrong-path', seeing({ path: 'cellular' }, 'ios', { network: 'unknown' }));
  declines('binding.wrong-path', seeing({ path: 'unknown' }));
  declines('binding.sim-missing', seeing({ path: 'wifi', sim: 'absent' }));
});

const tallyOf = (count: number): Tally => {
  let tally = emptyTally;
  for (let index = 0; index < count; index += 1) tally = counted(tally, hours(24), start.wallMs);
  return tally;
};

test('B09 holds: the third token is given, and a block ends after 24 h', () => {
  passes(honestRequest(), { deviceTallies: [tallyOf(2), emptyTally, emptyTally] });
  const over = blocked(tallyOf(3), defaultBindingPolicy, start.wallMs);
  const later = { ...start, wallMs: epochMs(start.wallMs + hours(24)) };
  passes(honestRequest(), { deviceTallies: [over], now: later });
});
test('B09 refuses: the fourth token blocks, whichever of id, key and fingerprint is known', () => {
  const refused = { to: 'blocked', code: 'binding.device-blocked' };
  for (const place of [0, 1, 2]) {
    const deviceTallies = [emptyTally, emptyTally, emptyTally].with(place, tallyOf(3));
    assert.deepEqual(judgeRequest(honestRequest(), { deviceTallies }), refused);
    const over = deviceTallies.with(place, blocked(emptyTally, defaultBindingPolicy, start.wallMs));
    const almost = { ...start, wallMs: epochMs(start.wallMs + hours(24) - 1) };
    assert.deepEqual(judgeRequest(honestRequest(), { deviceTallies: over, now: almost }), refused);
  }
  const back = { ...start, wallMs: epochMs(start.wallMs - hours(1)) };
  assert.deepEqual(judgeRequest(honestRequest(), { deviceTallies: [tallyOf(3)], now: back }), refused);
});

const latest = { ...defaultBindingPolicy, latestApp: { android: 12, ios: 12 } };
const appVersion = (attested: number | undefined, claimed: number): Partial<RequestingDevice> => {
  const device = honestDevice('android');
  return {
    attested: { key: 'key-1', isHardware: true, isVerifiedSystem: true, appVersion: attested },
    claimed: { ...device.claimed, appVersion: claimed },
  };
};
test('B10 holds: the latest version, attested, or claimed where nothing attests one', () => {
  passes(from(appVersion(12, 12)), { policy: latest });
  passes(from(appVersion(undefined, 12)), { policy: latest });
});
test('B10 refuses: an old attested version under a new claim, and an old claim', () => {
  declines('binding.app-outdated', from(appVersion(11, 12)), { policy: latest });
  declines('binding.app-outdated', from(appVersion(undefined, 11)), { policy: latest });
  declines('binding.app-outdated', from(appVersion(undefined, Number.NaN)), { policy: latest });
});

test('B16 holds: the third attempt of a day, and one more the day after', () => {
  passes(honestRequest(), { profileTally: tallyOf(2) });
  passes(honestRequest(), { profileTally: tallyOf(3), now: { ...start, wallMs: epochMs(start.wallMs + hours(24)) } });
});
test('B16 refuses: the fourth attempt of a customer, from whatever device', () => {
  declines('binding.profile-limit', honestRequest(), { profileTally: tallyOf(3) });
  declines('binding.profile-limit', from({ id: 'another', fingerprint: 'another' }), { profileTally: tallyOf(3) });
});

test('B17 holds: a number that no fresh list has', () => {
  passes(knowing({ revocation: { isListed: false, asOfMs: epochMs(start.wallMs - days(7)) } }));
  const onStaleList = 'accept';
  passes(knowing({ revocation: 'silent' }), { policy: { ...defaultBindingPolicy, onStaleList } });
});
test('B17 refuses: a listed number, also by an old list; a list older than seven days; no list', () => {
  declines('binding.number-revoked', knowing({ revocation: { isListed: true, asOfMs: start.wallMs } }));
  const policy = { ...defaultBindingPolicy, onStaleList: 'accept' } as const;
  declines('binding.number-revoked', knowing({ revocation: { isListed: true, asOfMs: epochMs(0) } }), { policy });
  const asOfMs = epochMs(start.wallMs - days(7) - 1);
  declines('binding.number-revoked', knowing({ revocation: { isListed: false, asOfMs } }));
  declines('binding.number-revoked', knowing({ revocation: 'silent' }));
});

test('B18 holds: low risk, and medium risk with one more factor', () => {
  passes(knowing({ risk: 'low' }));
  for (const risk of ['medium', 'high', 'silent'] as const) passes(knowing({ risk }, { steppedUp: true }));
});
test('B18 refuses: very high risk whatever else, medium without a step-up, silence as policy says', () => {
  declines('binding.number-risk', knowing({ risk: 'very-high' }, { steppedUp: true }));
  for (const risk of ['medium', 'high', 'silent'] as const) declines('binding.number-risk', knowing({ risk }));
  const policy = { ...defaultBindingPolicy, onRiskSilence: 'decline' } as const;
  declines('binding.number-risk', knowing({ risk: 'silent' }, { steppedUp: true }), { policy });
});

test('B22 holds: a factor of another kind, through another channel', () => {
  passes(honestRequest({ factor: { kind: 'knowledge', channel: 'secret', use: 'a' } }));
  passes(honestRequest({ factor: { kind: 'inherence', channel: 'body', use: 'b' } }));
});
test('B22 refuses: none, a second possession, one that comes through the SIM, one that was used before', () => {
  declines('binding.single-factor', honestRequest({ factor: undefined }));
  declines('binding.single-factor', honestRequest({ factor: { kind: 'possession', channel: 'device-key', use: 'a' } }));
  // A password reset by SMS: whoever has the SIM has both.
  declines('binding.single-factor', honestRequest({ factor: { kind: 'knowledge', channel: 'sim', use: 'a' } }));
  declines('binding.single-factor', honestRequest({ factor: { kind: 'knowledge', channel: 'secret', use: '' } }));
  declines('binding.factor-replayed', honestRequest({ isFactorReplayed: true }));
});

test('B23 holds: a SIM that was not swapped lately binds', () => {
  passes(knowing({ swappedAtMs: 'never' }));
  passes(knowing({ swappedAtMs: epochMs(start.wallMs - days(3)) }));
  passes(knowing({ swappedAtMs: 'silent' }, { steppedUp: true }));
});
test('B23 refuses: a number that was swapped lately, or in a future that cannot be, does not bind', () => {
  declines('binding.sim-changed', knowing({ swappedAtMs: epochMs(start.wallMs - days(3) + 1) }, { steppedUp: true }));
  declines('binding.sim-changed', knowing({ swappedAtMs: epochMs(start.wallMs + days(1)) }));
  declines('binding.sim-changed', knowing({ swappedAtMs: 'silent' }));
});

const floor = {
  ...defaultBindingPolicy,
  systems: [{ family: 'android', platform: 'android', leastVersion: 13, leastPatchLevel: 202601 }],
} as const;
const system = (
  attested: Partial<NonNullable<RequestingDevice['attested']>>,
  claimed: Partial<RequestingDevice['claimed']>,
) => {
  const device = honestDevice('android');
  return from({
    attested: { key: 'key-1', isHardware: true, isVerifiedSystem: true, ...attested },
    claimed: { ...device.claimed, ...claimed },
  });
};
test('B24 holds: a served family at or above its floor', () => {
  passes(system({ systemVersion: 13, patchLevel: 202601 }, { systemVersion: 1, patchLevel: 1 }), { policy: floor });
  passes(system({}, { systemVersion: 14, patchLevel: 202602 }), { policy: floor });
});
test('B24 refuses: an old attested system under a new claim, old patches, a family that is not served, no number', () => {
  const refused = (request: BindingRequest): void => declines('binding.system-outdated', request, { policy: floor });
  refused(system({ systemVersion: 12 }, { systemVersion: 17 }));
  refused(system({ patchLevel: 202512 }, { patchLevel: 202610 }));
  refused(system({}, { systemFamily: 'tizen' }));
  refused(system({}, { systemVersion: Number.NaN }));
});

test('without a verdict of hardware over the very key that speaks, nothing the client says counts', () => {
  const attested = { key: 'key-1', isHardware: true, isVerifiedSystem: true };
  declines('binding.not-attested', from({ attested: undefined }));
  declines('binding.not-attested', from({ attested: { ...attested, isHardware: false } }));
  declines('binding.not-attested', from({ attested: { ...attested, isVerifiedSystem: false } }));
  declines('binding.not-attested', from({ attested: { ...attested, key: 'another' } }));
});

test('whoever is blocked learns nothing else: the block comes before every other check', () => {
  const deviceTallies = [blocked(emptyTally, defaultBindingPolicy, start.wallMs)];
  const request = honestRequest({ factor: undefined, evidence: { ...honestEvidence('android'), sim: 'absent' } });
  assert.deepEqual(judgeRequest(request, { deviceTallies }), { to: 'blocked', code: 'binding.device-blocked' });
});
