/**
 * What attributes are worth for telling whether two sights are of one device (Fellegi and Sunter 1969). An agreement weighs by how rare the value is, a
 * disagreement by how seldom the attribute changes. Attributes that hang together form a group, of which only the best agreement counts: a phone's screen says nothing
 * that its model has not said. Likewise an update of the system changes many attributes and is one change.
 */
import type { CollisionClass } from './identity-words.ts';

/** An attribute. */
export interface LinkAttribute {
  readonly name: string;
  /** Probability that it is the same at two sights of one device some months apart, below 1. */
  readonly stays: number;
  /** Of the agreements of one group only the best counts. */
  readonly group?: string;
  /** Of the disagreements of attributes that change together only the worst counts. */
  readonly moves?: string;
}

/** What a class needs to be linked. */
export interface LinkDemand {
  /** Bits beyond those that make the same device as likely as not. */
  readonly bits: number;
  /** Bits before the second best. */
  readonly margin: number;
}

/** A model. */
export interface LinkModel {
  readonly attributes: readonly LinkAttribute[];
  /** Attributes that agree together in all candidates of one look-up; only what agrees in one of these is compared. */
  readonly blocks: readonly (readonly string[])[];
  /** Undefined where attributes never link. */
  readonly demands: Readonly<Record<CollisionClass, LinkDemand | undefined>>;
}

/**
 * The usual model: 24 attributes of phones and browsers. All are optional; what is missing neither speaks for nor against. What follows from model and system is one group.
 * `set-up-day` is the day on which the phone was set up, `install-delay` the days from there to the app's installation: in a farm the former is shared and the latter
 * is nearly always the same, so that its rarity says little. Seventeen bits are odds of 131,000 to one: fewer than 10⁻⁵ wrong where the model is right.
 */
export const usualLinkModel: LinkModel = {
  attributes: [
    { name: 'model', stays: 0.9999, group: 'hardware' },
    { name: 'screen', stays: 0.999, group: 'hardware' },
    { name: 'gpu', stays: 0.999, group: 'hardware' },
    { name: 'memory', stays: 0.9999, group: 'hardware' },
    { name: 'cores', stays: 0.9999, group: 'hardware' },
    { name: 'storage-size', stays: 0.9999, group: 'hardware' },
    { name: 'os', stays: 0.45, group: 'hardware', moves: 'system' },
    { name: 'patch', stays: 0.2, group: 'hardware', moves: 'system' },
    { name: 'web-engine', stays: 0.15, group: 'hardware', moves: 'system' },
    { name: 'graphics', stays: 0.8, group: 'hardware', moves: 'system' },
    { name: 'canvas', stays: 0.75, group: 'hardware', moves: 'system' },
    { name: 'audio', stays: 0.95, group: 'hardware', moves: 'system' },
    { name: 'fonts', stays: 0.85 },
    { name: 'languages', stays: 0.95, group: 'place', moves: 'place' },
    { name: 'locale', stays: 0.98, group: 'place', moves: 'place' },
    { name: 'zone', stays: 0.96, group: 'place', moves: 'place' },
    { name: 'carrier', stays: 0.93, moves: 'place' },
    { name: 'keyboards', stays: 0.9 },
    { name: 'text-size', stays: 0.92 },
    { name: 'battery-health', stays: 0.7 },
    { name: 'set-up-day', stays: 0.97 },
    { name: 'install-delay', stays: 0.93 },
    { name: 'sensor-bias', stays: 0.97 },
    { name: 'camera-set', stays: 0.999, group: 'hardware' },
  ],
  blocks: [
    ['set-up-day', 'model'],
    ['sensor-bias', 'model'],
    ['set-up-day', 'sensor-bias'],
    ['install-delay', 'sensor-bias'],
    ['install-delay', 'model', 'carrier', 'locale'],
    ['fonts', 'carrier', 'keyboards', 'model'],
  ],
  demands: {
    distinct: { bits: 17, margin: 12 },
    similar: { bits: 23, margin: 18 },
    uniform: undefined,
  },
};
