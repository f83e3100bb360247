/**
 * RFC 9421 in full generality and without any hurry: what the fixed profile of the gateway is compared with. Covers every derived component
 * and every parameter of section 2; takes values of structured fields through our own parser.
 */
import { toBase64, utf8 } from '@hauberk/primitives';
import {
  type InnerList,
  type Item,
  type Member,
  parseDictionary,
  parseList,
  serialiseDictionary,
  serialiseItem,
  serialiseList,
} from '@hauberk/primitives/structured-fields';

/** Field lines as they arrived, names in lower case. */
export type Fields = readonly (readonly [string, string])[];

/** A request. */
export interface RequestMessage {
  readonly method: string;
  readonly targetUri: string;
  readonly fields: Fields;
}

/** A response with the request that it answers. */
export interface ResponseMessage {
  readonly status: number;
  readonly fields: Fields;
  readonly request: RequestMessage;
}

/** Either message. */
export type Message = RequestMessage | ResponseMessage;

const written = (answer: ReturnType<typeof serialiseItem>): string => {
  if (!answer.ok) throw new Error(`not to be written: ${answer.code}`);
  return answer.value;
};

const flag = (component: Item, name: string): boolean => component.parameters.get(name)?.value === true;
const textOf = (component: Item, name: string): string | undefined => {
  const value = component.parameters.get(name)?.value;
  return typeof value === 'string' ? value : undefined;
};

const linesOf = (fields: Fields, name: string): readonly string[] => {
  const lines = fields.filter(([field]) => field === name).map(([, value]) => value.trim());
  if (lines.length === 0) throw new Error(`no field ${name}`);
  return lines;
};

const memberText = (member: Member): string => {
  if (member.kind !== 'inner-list') return written(serialiseItem(member));
  return written(serialiseList([member]));
};

/** Section 2.1.2: one member of a dictionary. */
const dictionaryMember = (value: string, key: string): string => {
  const parsed = parseDictionary(value);
  const member = parsed.ok ? parsed.value.get(key) : undefined;
  if (member === undefined) throw new Error(`no member ${key}`);
  return memberText(member);
};

/** Section 2.1.1: strict serialisation. Dictionaries are tried first; a list that is none is written as a list. */
const strictText = (value: string): string => {
  const dictionary = parseDictionary(value);
  if (dictionary.ok) return written(serialiseDictionary(dictionary.value));
  const list = parseList(value);
  if (!list.ok) throw new Error(`no structured field: ${list.code}`);
  return written(serialiseList(list.value));
};

/** Section 2.1 with its parameters. */
const fieldValue = (message: Message, component: Item): string => {
  const lines = linesOf(message.fields, String(component.value));
  const key = textOf(component, 'key');
  if (key !== undefined) return dictionaryMember(lines.join(', '), key);
  if (flag(component, 'bs')) return lines.map((line) => `:${toBase64(utf8(line))}:`).join(', ');
  return flag(component, 'sf') ? strictText(lines.join(', ')) : lines.join(', ');
};

/** Section 2.2.8: decoded as a form, encoded as a component. */
const queryParameter = (url: URL, component: Item): string => {
  const name = decodeURIComponent(textOf(component, 'name') ?? '');
  const values = url.searchParams.getAll(name);
  if (values.length !== 1) throw new Error(`query parameter ${name} occurs ${values.length} times`);
  return encodeURIComponent(values[0] ?? '').replace(
    /[!'()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  );
};

/** Section 2.2. */
const requestComponent = (request: RequestMessage, component: Item): string => {
  const url = new URL(request.targetUri);
  switch (String(component.value)) {
    case '@method':
      return request.method;
    case '@target-uri':
      return request.targetUri;
    case '@authority':
      return url.host;
    case '@scheme':
      return url.protocol.slice(0, -1);
    case '@request-target':
      return url.pathname + url.search;
    case '@path':
      return url.pathname;
    case '@query':
      return url.search === '' ? '?' : url.search;
    case '@query-param':
      return queryParameter(url, component);
    default:
      throw new Error(`unknown component ${String(component.value)}`);
  }
};

const componentValue = (message: Message, component: Item): string => {
  if (flag(component, 'req')) {
    if (!('status' in message)) throw new Error('a request has no request of its own');
    const parameters = new Map([...component.parameters].filter(([name]) => name !== 'req'));
    return componentValue(message.request, { ...component, parameters });
  }
  if (!String(component.value).startsWith('@')) return fieldValue(message, component);
  if (!('status' in message)) return requestComponent(message, component);
  if (component.value === '@status') return String(message.status);
  throw new Error(`a response has no ${String(component.value)}`);
};

/** Section 2.5: the text that is signed. `input` is the member of Signature-Input. */
export const signatureBase = (message: Message, input: InnerList): string => {
  const names = input.items.map((component) => written(serialiseItem(component)));
  if (new Set(names).size !== names.length) throw new Error('a component is covered twice');
  const lines = input.items.map((component, index) => `${names[index]}: ${componentValue(message, component)}`);
  return [...lines, `"@signature-params": ${memberText(input)}`].join('\n');
};

/** The member of a message's Signature-Input with that label, and the bytes of its Signature. */
export const signatureOf = (message: Message, label: string): { input: InnerList; signature: Uint8Array } => {
  const inputs = parseDictionary(linesOf(message.fields, 'signature-input').join(', '));
  const signatures = parseDictionary(linesOf(message.fields, 'signature').join(', '));
  const input = inputs.ok ? inputs.value.get(label) : undefined;
  const signature = signatures.ok ? signatures.value.get(label) : undefined;
  if (input?.kind !== 'inner-list' || signature?.kind !== 'bytes') throw new Error(`no signature ${label}`);
  return { input, signature: signature.value };
};
