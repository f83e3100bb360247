/** Hands, screen, clocks, zone and storage. */
import { type Finding, flagProbe, flags, type Probe } from './probe.ts';

const enoughTouches = 5;
const enoughGaps = 8;

/** Keys at times so even that no hand makes them. */
export const isEven = (gaps: readonly number[]): boolean => {
  if (gaps.length < enoughGaps) return false;
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  // People who think make long gaps, and a key that is held repeats evenly and fast.
  return mean >= 40 && mean < 1000 && Math.max(...gaps) - Math.min(...gaps) <= 3;
};

/** What hands do, and what only scripts do. */
export const hands: Probe = flagProbe(
  [
    'accessibility.untrustedEvent',
    'accessibility.pressureless',
    'accessibility.evenKeys',
    'accessibility.pastedAmount',
    'accessibility.pastedPayee',
    'screen.oddVisibility',
  ],
  (world) => {
    const { untrusted, touches, pressureless, keyGaps, pasted, whileHidden } = world.input();
    return {
      'accessibility.untrustedEvent': untrusted > 0,
      'accessibility.pressureless': touches >= enoughTouches && pressureless === touches,
      'accessibility.evenKeys': isEven(keyGaps),
      'accessibility.pastedAmount': pasted.includes('amount'),
      'accessibility.pastedPayee': pasted.includes('payee'),
      'screen.oddVisibility': whileHidden > 0,
    };
  },
);

/** What lies over the page, and who has it in a frame. */
export const surroundings: Probe = flagProbe(
  ['screen.pictureInPicture', 'host.foreignFrame', 'host.foreignWebView'],
  (world) => ({
    'screen.pictureInPicture': world.has('document.pictureInPictureElement'),
    'host.foreignFrame': world.isFramedByStranger(),
    'host.foreignWebView': world.isForeignWebView(),
  }),
);

/** The scripts of the release. */
export const release: Probe = flagProbe(['repackaging.pageDigest'], async (world) => ({
  'repackaging.pageDigest': (await world.isReleaseWhole()) === false,
}));

const skewMs = 300_000;
const stepMs = 5000;

/** Clocks against each other and against the gateway. */
export const clocks: Probe = flagProbe(['place.clockSkew', 'place.clockStepped'], (world) => {
  const { wallMs, monotonicMs, originMs, serverMs } = world.clock();
  return {
    'place.clockSkew': serverMs !== undefined && Math.abs(wallMs - serverMs) > skewMs,
    // Forward steps are sleep, which some clocks do not count.
    'place.clockStepped': originMs + monotonicMs - wallMs > stepMs,
  };
});

/** Where the phone says that it is, in steps of fifteen minutes. */
export const zone: Probe = {
  codes: ['place.zoneOffset', 'place.zoneOdd', 'place.zoneChanged', 'identity.localeOdd'],
  look: (world) => {
    const { byDate, byName } = world.zone();
    const languages = String(world.value('navigator.languages') ?? '');
    const language = String(world.value('navigator.language') ?? '');
    const last = world.lastZone();
    const step = Math.round((byDate + 720) / 15);
    const isPlace = step >= 0 && step <= 104;
    const found: readonly Finding[] = isPlace ? [{ code: 'place.zoneOffset', value: step }] : [];
    return [
      ...found,
      ...flags({
        'place.zoneOdd': !isPlace || (byName !== undefined && byName !== byDate),
        // Summer time is an hour, and no journey.
        'place.zoneChanged': last !== undefined && Math.abs(last - byDate) > 60,
        'identity.localeOdd': language !== '' && languages !== '' && languages.split(',')[0] !== language,
      }),
    ];
  },
};

/** A private window, and storage that was emptied. */
export const storage: Probe = flagProbe(['identity.storageWiped', 'identity.incognito'], async (world) => {
  const quota = await world.quota();
  return {
    'identity.storageWiped': world.isPartlyWiped(),
    // A private window of Chromium is granted less storage than scripts have memory.
    'identity.incognito': quota !== undefined && quota.memory > 0 && quota.storage < quota.memory,
  };
});
