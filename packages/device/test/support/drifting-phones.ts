/**
 * Phones that change as phones do in a year, for tests of identity: models and settings as unevenly spread as in the wild, families that share habits, batches that a company or a
 * farm set up on one day, resets and second-hand sales. Knows nothing of how they are told apart.
 */

/** A phone as it is now. */
export interface Phone {
  readonly attributes: Record<string, string>;
  readonly isUniform: boolean;
}

const pick = (random: () => number, count: number, skew: number): number => Math.floor(count * random() ** skew);

/** What model and system version make of everything that can be rendered. */
const render = (attributes: Record<string, string>, random: () => number): void => {
  const { model, os, patch } = attributes;
  attributes['graphics'] = `g${model}.${os}`;
  attributes['canvas'] = `c${model}.${os}.${Number(patch) % 3}`;
  attributes['audio'] = `a${Number(model) % 97}.${Number(os) % 2}`;
  attributes['web-engine'] = String(Number(attributes['web-engine'] ?? 0) + Math.floor(random() * 3));
};

const hardware = (model: number): Record<string, string> => ({
  model: String(model),
  screen: `s${model % 211}`,
  gpu: `u${model % 61}`,
  memory: String(4 + (model % 5) * 2),
  cores: String(4 + (model % 3) * 2),
  'camera-set': `k${model % 307}`,
});

const place = (random: () => number): Record<string, string> => {
  const home = pick(random, 30, 4);
  return {
    locale: `l${home}`,
    languages: `l${home}.${pick(random, 4, 3)}`,
    zone: `z${home % 12}`,
    carrier: `c${home}.${pick(random, 5, 1.5)}`,
  };
};

/** A phone of somebody. `day` is the day of its set-up. */
export const newPhone = (random: () => number, day: number, like?: Phone): Phone => {
  const model = pick(random, 3000, 3);
  const attributes: Record<string, string> = {
    ...hardware(model),
    ...(like === undefined ? place(random) : pickPlace(like)),
    'storage-size': `${model % 7}.${pick(random, 3, 2)}`,
    os: String(pick(random, 14, 0.5)),
    patch: String(pick(random, 36, 0.5)),
    'web-engine': String(100 + pick(random, 20, 0.5)),
    fonts: `f${pick(random, 400, 5)}`,
    keyboards: `k${pick(random, 60, 4)}`,
    'text-size': `t${pick(random, 24, 3)}`,
    'battery-health': String(80 + pick(random, 20, 0.7)),
    'set-up-day': String(day),
    'install-delay': String(random() < 0.35 ? 0 : pick(random, 700, 2)),
    'sensor-bias': String(pick(random, 4096, 1)),
  };
  render(attributes, random);
  return { attributes, isUniform: random() < 0.2 };
};

const pickPlace = ({ attributes }: Phone): Record<string, string> =>
  Object.fromEntries(['locale', 'languages', 'zone', 'carrier'].map((name) => [name, attributes[name] ?? '']));

/** Phones that were set up together: same model, day, place, fonts and settings; only what is in the hardware differs. */
export const newBatch = (random: () => number, day: number, size: number): readonly Phone[] => {
  const first = newPhone(random, day);
  return Array.from({ length: size }, () => ({
    attributes: { ...first.attributes, 'install-delay': '0', 'sensor-bias': String(pick(random, 4096, 1)) },
    isUniform: false,
  }));
};

/** The phone some months later. */
export const drift = ({ attributes, isUniform }: Phone, random: () => number, months: number): Phone => {
  const next = { ...attributes };
  const share = months / 12;
  const happens = (yearly: number): boolean => random() < yearly * share;
  if (happens(0.6)) next['os'] = String(Number(next['os']) + 1);
  if (random() < 0.9 * Math.min(1, share * 4))
    next['patch'] = String(Number(next['patch']) + 1 + Math.floor(random() * 6));
  render(next, random);
  if (happens(0.15)) next['fonts'] = `f${pick(random, 400, 5)}`;
  if (happens(0.08)) next['carrier'] = `c${pick(random, 150, 2)}`;
  if (happens(0.05)) next['zone'] = `z${pick(random, 12, 1)}`;
  if (happens(0.03)) Object.assign(next, place(random));
  if (happens(0.1)) next['keyboards'] = `k${pick(random, 60, 4)}`;
  if (happens(0.08)) next['text-size'] = `t${pick(random, 24, 3)}`;
  if (happens(0.5)) next['battery-health'] = String(Number(next['battery-health']) - 1 - Math.floor(random() * 3));
  if (happens(0.06)) next['install-delay'] = String(Number(next['install-delay']) + 1 + pick(random, 300, 2));
  if (happens(0.02)) next['sensor-bias'] = String(pick(random, 4096, 1));
  // Now and then a reading fails.
  for (const name of Object.keys(next)) if (random() < 0.01) delete next[name];
  return { attributes: next, isUniform };
};
