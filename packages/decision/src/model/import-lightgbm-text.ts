/** LightGBM's text format (`save_model`, `model_to_string`), versions 3 and 4: sections of `name=value` lines, one section a tree. */
import type { Result } from '@hauberk/primitives';
import { type Ensemble, EnsembleBuilder, maxFeatures, maxTreeDepth, maxTrees } from './ensemble.ts';
import { addLightSplit, categoriesOf, lightOutput, type MissingType, readGuarded } from './import-lightgbm.ts';
import { type ModelFileCode, malformed, namesOf, tooLarge, unsupported } from './import-parts.ts';

type Section = ReadonlyMap<string, string>;

const sectionOf = (lines: readonly string[]): Section =>
  new Map(
    lines.flatMap((line) => {
      const at = line.indexOf('=');
      return at < 1 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const];
    }),
  );

const textOf = (section: Section, name: string): string => section.get(name) ?? malformed(`no ${name}`);

const numbers = (section: Section, name: string, length: number): readonly number[] => {
  if (length === 0) return [];
  const values = textOf(section, name).split(' ').map(Number);
  if (values.length !== length) malformed(`${name} has ${values.length} values, not ${length}`);
  return values.every(Number.isFinite) ? values : malformed(name);
};

const whole = (section: Section, name: string): number => {
  const value = Number(textOf(section, name));
  return Number.isInteger(value) && value >= 0 && value < 2 ** 31 ? value : malformed(name);
};

/** Bits of `decision_type`: 1 for categories, 2 for missing values going left, then the kind of missing. */
const missingTypes: readonly MissingType[] = ['None', 'Zero', 'NaN'];

interface TextTree {
  readonly splitFeature: readonly number[];
  readonly threshold: readonly number[];
  readonly decisionType: readonly number[];
  readonly leftChild: readonly number[];
  readonly rightChild: readonly number[];
  readonly leafValue: readonly number[];
  readonly leafCount: readonly number[];
  readonly internalCount: readonly number[];
  readonly boundaries: readonly number[];
  readonly words: readonly number[];
}

const counted = (section: Section, name: string, length: number): readonly number[] =>
  section.has(name) ? numbers(section, name, length) : Array.from({ length }, () => 0);

const treeOf = (section: Section): TextTree => {
  if (section.get('is_linear') === '1') unsupported('linear trees');
  const leaves = whole(section, 'num_leaves');
  if (leaves < 1 || leaves > 1_000_000) tooLarge('num_leaves');
  const splits = leaves - 1;
  const categories = whole(section, 'num_cat');
  const boundaries = categories === 0 ? [0] : numbers(section, 'cat_boundaries', categories + 1);
  return {
    splitFeature: numbers(section, 'split_feature', splits),
    threshold: numbers(section, 'threshold', splits),
    decisionType: numbers(section, 'decision_type', splits),
    leftChild: numbers(section, 'left_child', splits),
    rightChild: numbers(section, 'right_child', splits),
    leafValue: numbers(section, 'leaf_value', leaves),
    leafCount: counted(section, 'leaf_count', leaves),
    internalCount: counted(section, 'internal_count', splits),
    boundaries,
    words: categories === 0 ? [] : numbers(section, 'cat_threshold', boundaries.at(-1) ?? 0),
  };
};

const setOf = ({ boundaries, words }: TextTree, place: number): readonly number[] => {
  const [from, to] = [boundaries[place], boundaries[place + 1]];
  if (from === undefined || to === undefined || from > to || to > words.length) return malformed('cat_boundaries');
  const found: number[] = [];
  for (let word = from; word < to; word += 1)
    for (let bit = 0; bit < 32; bit += 1)
      if ((((words[word] as number) >>> bit) & 1) === 1) found.push((word - from) * 32 + bit);
  return categoriesOf(found);
};

const addSplit = (builder: EnsembleBuilder, tree: TextTree, node: number, features: number): number => {
  const feature = tree.splitFeature[node] as number;
  if (!Number.isInteger(feature) || feature < 0 || feature >= features) malformed('split_feature');
  const bits = tree.decisionType[node] as number;
  const missing = missingTypes[(bits >> 2) & 3] ?? malformed('decision_type');
  const threshold = tree.threshold[node] as number;
  return addLightSplit(builder, {
    feature,
    missing,
    defaultLeft: (bits & 2) !== 0,
    cover: tree.internalCount[node] as number,
    asks: (bits & 1) !== 0 ? setOf(tree, threshold) : threshold,
  });
};

/** Adds the tree below a child: splits by their number, leaves as −1 less theirs. Each may hang in one place only. */
const addBelow = (
  builder: EnsembleBuilder,
  tree: TextTree,
  child: number,
  features: number,
  seen: Set<number>,
  depth: number,
): number => {
  if (depth > maxTreeDepth) tooLarge(`deeper than ${maxTreeDepth}`);
  if (seen.has(child)) malformed('a node with two parents');
  seen.add(child);
  if (child < 0) {
    const leaf = -child - 1;
    return builder.leaf(tree.leafValue[leaf] ?? malformed('a leaf that is not there'), tree.leafCount[leaf] ?? 0);
  }
  if (!Number.isInteger(child) || child >= tree.splitFeature.length) malformed('a child that is not there');
  const node = addSplit(builder, tree, child, features);
  const left = addBelow(builder, tree, tree.leftChild[child] as number, features, seen, depth + 1);
  builder.join(node, left, addBelow(builder, tree, tree.rightChild[child] as number, features, seen, depth + 1));
  return node;
};

/** Longest text that is read, in characters. */
export const maxModelText: number = 64 * 1024 * 1024;

/** Reads the text format. */
export const readLightGbmText = (text: string): Result<Ensemble, ModelFileCode> =>
  readGuarded(() => {
    if (text.length > maxModelText) tooLarge(`over ${maxModelText} characters`);
    const end = text.indexOf('\nend of trees');
    if (!text.startsWith('tree\n') || end < 0) malformed('no text of LightGBM');
    const [top = '', ...parts] = text.slice(0, end).split('\nTree=');
    const head = sectionOf(top.split('\n'));
    if (!['v3', 'v4'].includes(textOf(head, 'version'))) unsupported('version');
    if (whole(head, 'num_class') !== 1 || whole(head, 'num_tree_per_iteration') !== 1)
      unsupported('more than one output');
    const features = namesOf(textOf(head, 'feature_names').split(' '), 'feature_names');
    if (features.length > maxFeatures) tooLarge(`over ${maxFeatures} features`);
    if (parts.length === 0 || parts.length > maxTrees) tooLarge(`1 to ${maxTrees} trees`);
    const builder = new EnsembleBuilder();
    for (const part of parts) {
      const tree = treeOf(sectionOf(part.split('\n')));
      builder.beginTree();
      addBelow(builder, tree, tree.splitFeature.length === 0 ? -1 : 0, features.length, new Set(), 0);
    }
    return builder.finish({
      features,
      isSingle: false,
      base: 0,
      // A line of its own, without a value.
      divisor: /^average_output$/m.test(top) ? parts.length : 1,
      output: lightOutput(head.get('objective') ?? ''),
    });
  });
