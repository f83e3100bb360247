/** DER as a tree that can be changed and written again, with every length above put right. */
import { type Bytes, concat } from '@hauberk/primitives';
import { type DerElement, readDer } from '../../src/der.ts';

/** An element: its tag bytes, and either children or contents. */
export interface Node {
  tag: Bytes;
  contents: Bytes;
  children: Node[] | undefined;
  /** Writes the length in a longer form than DER allows. */
  isLong: boolean;
}

const tagOf = ({ form, tag }: DerElement): Bytes =>
  tag < 31
    ? Uint8Array.of(form | tag)
    : Uint8Array.of(form | 31, ...(tag < 128 ? [tag] : [0x80 | (tag >> 7), tag & 127]));

/** Octet strings that hold DER of their own (extensions do) are opened too, so that what is inside can be changed. */
const nodeOf = (element: DerElement): Node => {
  const isConstructed = (element.form & 0x20) !== 0;
  const isString = element.form === 0 && element.tag === 4 && element.contents.length > 2;
  const inner = isString ? readDer(element.contents) : undefined;
  const children = isConstructed ? element.children : inner === undefined ? undefined : [inner];
  return { tag: tagOf(element), contents: element.contents, children: children?.map(nodeOf), isLong: false };
};

/** The tree of some DER; undefined when it is none. */
export const treeOf = (bytes: Bytes): Node | undefined => {
  const element = readDer(bytes);
  return element === undefined ? undefined : nodeOf(element);
};

const lengthOf = (length: number, isLong: boolean): number[] => {
  if (isLong) return [0x83, (length >> 16) & 255, (length >> 8) & 255, length & 255];
  if (length < 128) return [length];
  return length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
};

/** Writes a tree. */
export const bytesOf = ({ tag, contents, children, isLong }: Node): Bytes => {
  const body = children === undefined ? contents : concat(...children.map(bytesOf));
  return concat(tag, Uint8Array.from(lengthOf(body.length, isLong)), body);
};

/** Every node, parents first, each with where it hangs. */
export const nodesOf = (root: Node): { readonly node: Node; readonly siblings: Node[]; readonly at: number }[] => {
  const found: { node: Node; siblings: Node[]; at: number }[] = [];
  const walk = (siblings: Node[]): void => {
    for (const [at, node] of siblings.entries()) {
      found.push({ node, siblings, at });
      if (node.children !== undefined) walk(node.children);
    }
  };
  walk([root]);
  return found;
};
