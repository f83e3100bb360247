/** What the devices of a farm have in common: which kinds of evidence, in which parts of the farm, and how often it is told. */
import { hourMs } from './calendar.ts';
import type { Caution } from './difficulty.ts';
import type { EvidenceKind } from './lines.ts';
import { type Evidence, evidenceOfToday, type Phone } from './phone.ts';
import { chance, type Draw, digestOf, pick, pickSome, whole } from './random.ts';

/** What a farm is built of, what its devices may have in common, and what they show. */
export interface FarmBuild {
  readonly name: 'rack' | 'cloud' | 'instances';
  /** Kinds by what they tell of: the network, the metal, how the phones lie there, what was installed. */
  readonly kinds: readonly (readonly EvidenceKind[])[];
  readonly signs: readonly string[];
  /** Share of members whose keys live in hardware. */
  readonly hardware: number;
}

/** The usual ways to build one. */
export const builds: readonly FarmBuild[] = [
  {
    name: 'rack',
    kinds: [['bssid'], ['image'], ['battery', 'brightness', 'motion'], ['installOrder']],
    signs: [
      'farm.poweredAlwaysOn',
      'farm.noLock',
      'farm.still',
      'accessibility.autoClicker',
      'debugger.adb',
      'root.suBinary',
    ],
    hardware: 0.85,
  },
  {
    name: 'cloud',
    kinds: [
      ['rendering', 'audio', 'image'],
      ['battery', 'motion'],
      ['installOrder', 'storage'],
    ],
    signs: ['emulator.cloudPhone', 'emulator.sensorsSilent', 'farm.poweredAlwaysOn', 'farm.still', 'telephony.noSim'],
    hardware: 0.1,
  },
  {
    name: 'instances',
    kinds: [['bssid'], ['image', 'rendering'], ['brightness', 'battery'], ['storage', 'installOrder']],
    signs: ['host.container', 'host.foreignPath', 'instance.appClone', 'farm.noLock', 'root.suBinary'],
    hardware: 0.4,
  },
];

/** What a farm can turn into something else over night; the rest is in the metal. */
const turnable: readonly EvidenceKind[] = [
  'battery',
  'brightness',
  'bssid',
  'storage',
  'installOrder',
  'rendering',
  'audio',
];
/** Told only where a device is bound, so once in a while; shared on top of the other kinds. */
const seldomTold: readonly EvidenceKind[] = ['provisioning', 'cell'];

/** Kinds that a farm shares, and into how many racks each cuts it. */
export interface FarmEvidence {
  readonly cut: ReadonlyMap<EvidenceKind, number>;
}

/** Smallest rack. */
const leastRack = 10;

/** Draws the kinds that a farm shares: from as many groups as its caution leaves it. */
export const drawKinds = (draw: Draw, build: FarmBuild, caution: Caution, size: number): FarmEvidence => {
  const groups = pickSome(draw, build.kinds, build.kinds.length);
  const sure = groups.slice(0, caution.groups).map((group) => pick(draw, group));
  const others = pickSome(
    draw,
    groups.flat().filter((kind) => !sure.includes(kind)),
    build.kinds.flat().length,
  );
  const count = whole(draw, caution.kinds[0], caution.kinds[1]);
  const racks = Math.max(
    1,
    Math.min(whole(draw, caution.variants[0], caution.variants[1]), Math.floor(size / leastRack)),
  );
  const kinds = [...sure, ...others].slice(0, count);
  const seldom = chance(draw, 0.5) ? [pick(draw, seldomTold)] : [];
  return { cut: new Map([...kinds, ...seldom].map((kind) => [kind, chance(draw, 0.5) ? 1 : racks])) };
};

/** Whose evidence is asked for. */
export interface FarmPlace {
  readonly farm: string;
  readonly beganAtMs: number;
  readonly evidence: FarmEvidence;
  readonly caution: Caution;
}

/** What a member's report tells at a moment: shared pieces with drop-outs and noise, the rest its own. */
export const evidenceAt = (
  seed: number,
  { farm, beganAtMs, evidence, caution }: FarmPlace,
  { phone, index }: { readonly phone: Phone; readonly index: number },
  draw: Draw,
  atMs: number,
): Evidence => {
  const turn = caution.rotationHours === 0 ? 0 : Math.floor((atMs - beganAtMs) / (caution.rotationHours * hourMs));
  const shared = [...evidence.cut].map(([kind, racks]): readonly [EvidenceKind, string] => {
    if (!chance(draw, caution.presence))
      return [kind, chance(draw, 0.5) ? '' : digestOf(seed, kind, `noise/${phone.id}/${draw()}`)];
    return [kind, digestOf(seed, kind, `${farm}/${index % racks}/${turnable.includes(kind) ? turn : 0}`)];
  });
  return { ...evidenceOfToday(seed, draw), ...Object.fromEntries(shared) };
};
