/** What a call of a webhook says: Kannel's `get-url` and `post-url`, and JSON. Pure; numbers are made canonical, content keeps its octets. */
import { accept, type Bytes, fromUtf8, parseJson, type Result, refuse, utf8 } from '@hauberk/primitives';
import type { ArrivalCode, ArrivedSms } from './arrived-sms.ts';
import { canonicalNumber } from './canonical-number.ts';
import type { Alphabet } from './sms-coding.ts';

/** Names of the members of a JSON call. */
export interface JsonMembers {
  readonly from: string;
  readonly to: string;
  readonly text: string;
  readonly id: string;
  readonly carrier: string;
}

/** How a link calls. */
export interface WebhookReading {
  readonly form: 'kannel' | 'json';
  readonly members: JsonMembers;
  readonly countryCode?: string | undefined;
}

/** A call, as far as it is read. */
export interface WebhookCall {
  readonly method: string;
  /** Behind the question mark. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Bytes;
}

/** Why a call is refused for good. */
export type WebhookCode = ArrivalCode | 'sms.form';

/** Octets of the longest body. */
export const longestBody = 16_384;

/** Octets of a form value: content may be UTF-16 or Latin-1, so it is not text yet. */
const formOctets = (text: string): Bytes | undefined => {
  const octets: number[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const sign = text.charAt(at);
    if (sign === '%') {
      const pair = text.slice(at + 1, at + 3);
      if (!/^[0-9A-Fa-f]{2}$/.test(pair)) return undefined;
      octets.push(Number.parseInt(pair, 16));
      at += 2;
    } else if (sign.charCodeAt(0) > 0x7e) return undefined;
    else octets.push(sign === '+' ? 0x20 : sign.charCodeAt(0));
  }
  return Uint8Array.from(octets);
};

type Form = ReadonlyMap<string, Bytes>;

const readForm = (text: string): Form | undefined => {
  const form = new Map<string, Bytes>();
  for (const pair of text === '' ? [] : text.split('&')) {
    const equals = pair.indexOf('=');
    const name = equals < 0 ? pair : pair.slice(0, equals);
    const value = formOctets(equals < 0 ? '' : pair.slice(equals + 1));
    // Two values for one name: two readers could take different ones.
    if (value === undefined || form.has(name) || form.size >= 32) return undefined;
    form.set(name, value);
  }
  return form;
};

const visible = (octets: Bytes | undefined): string => {
  const text = octets === undefined ? '' : Buffer.from(octets).toString('latin1').trim();
  return /^[\x20-\x7e]*$/.test(text) ? text : '\u0000';
};

const alphabetOf = (coding: string, charset: string): Alphabet | undefined => {
  if (coding === '2') return 'ucs2';
  if (coding === '1') return undefined;
  const name = charset.toUpperCase();
  if (name === '' || name === 'UTF-8') return 'utf8';
  if (name === 'ISO-8859-1' || name === 'LATIN1') return 'latin1';
  return name.startsWith('UTF-16BE') || name === 'UCS-2' ? 'ucs2' : undefined;
};

interface Said {
  readonly from: string;
  readonly to: string;
  readonly id: string;
  readonly carrier: string;
  readonly alphabet: Alphabet | undefined;
  readonly octets: Bytes;
}

const judge = (said: Said, { countryCode }: WebhookReading): Result<ArrivedSms, WebhookCode> => {
  if (said.alphabet === undefined) return refuse('sms.coding', 'not a coding of text');
  // In a query a plus that nobody escaped reads as a space, which is trimmed: bare digits are international.
  const from = canonicalNumber(said.from, undefined, countryCode);
  const to = canonicalNumber(said.to, undefined, countryCode);
  if (!from.ok || !to.ok) return refuse('sms.number', 'no number in E.164');
  if (!/^[\x21-\x7e]{0,64}$/.test(said.id)) return refuse('sms.form', 'id');
  const carrier = said.carrier === '' ? undefined : said.carrier.slice(0, 64);
  const { alphabet, octets, id } = said;
  return accept({ alphabet, octets, messageId: id, from: from.value, to: to.value, carrier });
};

const headerOf = ({ headers }: WebhookCall, name: string): string => {
  const value = headers[name];
  return typeof value === 'string' ? value : '';
};

/** Kannel: by query, by form, or by headers around the content (`post-url`). */
const readKannel = (call: WebhookCall): Said | undefined => {
  const isForm = headerOf(call, 'content-type').startsWith('application/x-www-form-urlencoded');
  const form = readForm(isForm ? Buffer.from(call.body).toString('latin1') : call.query);
  if (form === undefined) return undefined;
  const value = (name: string, header: string): string => {
    const found = form.get(name);
    return found === undefined ? headerOf(call, header) : visible(found);
  };
  return {
    from: value('from', 'x-kannel-from'),
    to: value('to', 'x-kannel-to'),
    id: value('id', 'x-kannel-id'),
    carrier: value('carrier', 'x-kannel-smsc'),
    alphabet: alphabetOf(value('coding', 'x-kannel-coding'), value('charset', 'x-kannel-charset')),
    octets: form.get('text') ?? (call.method === 'POST' && !isForm ? call.body : new Uint8Array(0)),
  };
};

const readJson = ({ body }: WebhookCall, { members }: WebhookReading): Said | undefined => {
  const parsed = parseJson(fromUtf8(body) ?? '');
  if (!parsed.ok || typeof parsed.value !== 'object' || parsed.value === null || Array.isArray(parsed.value))
    return undefined;
  const tree = parsed.value as Readonly<Record<string, unknown>>;
  const text = (name: string): string | undefined => {
    const value = Object.hasOwn(tree, name) ? tree[name] : '';
    return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;
  };
  const [from, to, id, carrier, content] = [members.from, members.to, members.id, members.carrier, members.text].map(
    text,
  );
  if (from === undefined || to === undefined || id === undefined || carrier === undefined || content === undefined)
    return undefined;
  return { from, to, id, carrier, alphabet: 'utf8', octets: utf8(content) };
};

/** Reads a call. */
export const readWebhook = (call: WebhookCall, reading: WebhookReading): Result<ArrivedSms, WebhookCode> => {
  const said = reading.form === 'json' ? readJson(call, reading) : readKannel(call);
  return said === undefined ? refuse('sms.form', 'cannot be read') : judge(said, reading);
};
