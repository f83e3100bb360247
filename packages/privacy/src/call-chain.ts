/** Call chains and their ids (docs/call-chains.md): stack text of three engines → frames → 64 bits in hexadecimal. */
import { accept, type Bytes, canonicalJson, type Result, refuse, toHex, utf8 } from '@hauberk/primitives';

/** One frame, innermost first in a chain. `dex` and `macho` frames have ids already; no reader here makes them. */
export type ChainFrame =
  | {
      readonly kind: 'js';
      readonly script: string;
      /** Last part of the name; empty for code without one. */
      readonly name: string;
      readonly line: number;
      readonly column: number;
    }
  | { readonly kind: 'dex'; readonly method: string; readonly offset: number }
  | { readonly kind: 'macho'; readonly image: string; readonly offset: number };

/** Why a stack text is no chain. */
export type ChainCode = 'chain.too-long' | 'chain.malformed' | 'chain.empty';

/** Longest stack text, in characters. */
export const maxStackText = 65_536;
/** Frames that a chain keeps: the innermost. */
export const maxChainFrames = 50;
/** Longest line of a stack text, in characters. */
export const maxStackLine = 4096;

type Read = ChainFrame | 'native' | undefined;

const nativeLocations: readonly string[] = ['native', '<anonymous>', '[native code]', 'unknown location'];
const namelessCode: readonly string[] = ['<anonymous>', 'anonymous', 'global code', 'module code', 'eval code', 'eval'];

/** Without query and fragment: they hold what changes from load to load, and personal data. */
const scriptOf = (place: string): string => {
  if (place.startsWith('eval at ') || / line \d{1,9} > (?:eval|Function)/.test(place)) return '<eval>';
  if (place === '<anonymous>') return '<eval>';
  if (place.startsWith('blob:') || place.startsWith('data:')) return place.slice(0, 5);
  const end = place.search(/[?#]/);
  return end < 0 ? place : place.slice(0, end);
};

/** Without the marks that SpiderMonkey puts behind a name. A loop, for a pattern at the end of a text is tried at every start. */
const withoutMarks = (name: string): string => {
  let end = name.length;
  while (end > 0 && (name[end - 1] === '/' || name[end - 1] === '<')) end -= 1;
  return name.slice(0, end);
};

const withoutAlias = (name: string): string => {
  const alias = name.endsWith(']') ? name.lastIndexOf(' [as ') : -1;
  return alias < 0 ? name : name.slice(0, alias);
};

const nameOf = (written: string): string => {
  const awaited = withoutAlias(written.slice(written.lastIndexOf('*') + 1));
  const bare = withoutMarks(awaited.replace(/^(?:async |new )+/, ''));
  const name = bare.slice(Math.max(bare.lastIndexOf('.'), bare.lastIndexOf('/')) + 1);
  return namelessCode.includes(bare) || namelessCode.includes(name) ? '' : name;
};

const frameOf = (written: string, location: string): Read => {
  if (nativeLocations.includes(location) || /^index \d{1,9}$/.test(location)) return 'native';
  const columnAt = location.lastIndexOf(':');
  const lineAt = location.lastIndexOf(':', columnAt - 1);
  const line = location.slice(lineAt + 1, columnAt);
  const column = location.slice(columnAt + 1);
  if (lineAt < 1 || !/^\d{1,9}$/.test(line) || !/^\d{1,9}$/.test(column)) return undefined;
  const script = scriptOf(location.slice(0, lineAt).replace(/^address at /, ''));
  if (script === '') return undefined;
  return { kind: 'js', script, name: nameOf(written), line: Number(line), column: Number(column) };
};

/** `at name (place)` or `at place`, as V8 and Hermes write. */
const readAtLine = (text: string): Read => {
  const open = text.endsWith(')') ? text.indexOf(' (') : -1;
  if (open >= 0) return frameOf(text.slice(0, open), text.slice(open + 2, -1));
  return frameOf('', text.replace(/^async /, ''));
};

/** `name@place`, as JavaScriptCore and SpiderMonkey write; older JavaScriptCore leaves out `@` when there is no name. */
const readSignLine = (text: string): Read => {
  const sign = text.indexOf('@');
  const hasName = sign >= 0 && !text.slice(0, sign).includes('://');
  return hasName ? frameOf(text.slice(0, sign), text.slice(sign + 1)) : frameOf('', text);
};

const readLine = (line: string): Read => {
  const text = line.trim();
  return text.startsWith('at ') ? readAtLine(text.slice(3)) : readSignLine(text);
};

/** The head of a V8 stack. A message would be text that anybody may have written, so there must be none. */
const isHead = (line: string, index: number): boolean => index === 0 && /^(?:[A-Za-z]{0,40}Error)$/.test(line);

/**
 * Reads the stack text of an Error that has no message. Frames of the engine itself are left out, for each engine shows
 * others. Beyond `maxChainFrames` frames are checked but not kept.
 */
export const readStack = (text: string): Result<readonly ChainFrame[], ChainCode> => {
  if (text.length > maxStackText) return refuse('chain.too-long', `over ${maxStackText} characters`);
  // A lone surrogate. Older engines have no `isWellFormed`.
  if (/\p{Cs}/u.test(text)) return refuse('chain.malformed');
  const frames: ChainFrame[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (isHead(line, index) || line.trim() === '') continue;
    if (line.length > maxStackLine) return refuse('chain.too-long', `line ${index + 1}`);
    const frame = readLine(line);
    if (frame === undefined) return refuse('chain.malformed', `line ${index + 1}`);
    if (frame !== 'native' && frames.length < maxChainFrames) frames.push(frame);
  }
  return frames.length === 0 ? refuse('chain.empty') : accept(frames);
};

/** The one text of a frame: canonical JSON of its kind and members in order. */
export const frameText = (frame: ChainFrame): string => {
  if (frame.kind === 'js') return canonicalJson(['js', frame.script, frame.name, frame.line, frame.column]);
  return frame.kind === 'dex'
    ? canonicalJson(['dex', frame.method, frame.offset])
    : canonicalJson(['macho', frame.image, frame.offset]);
};

/** The id of a chain: the first 8 bytes of SHA-256 over the context and the frames, each ended by a line feed, as 16 hexadecimal digits. */
export const chainId = (frames: readonly ChainFrame[], sha256: (input: Uint8Array) => Bytes): string =>
  toHex(sha256(utf8(`hauberk chain 1\n${frames.map((frame) => `${frameText(frame)}\n`).join('')}`)).subarray(0, 8));
