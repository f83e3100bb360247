import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseList } from '@hauberk/primitives/structured-fields';
import { type Message, type RequestMessage, signatureBase } from './message-signatures/signature-base.ts';

const linesOf = (message: Message, components: string): string[] => {
  const parsed = parseList(`(${components})`);
  const input = parsed.ok ? parsed.value[0] : undefined;
  assert.ok(input?.kind === 'inner-list');
  return signatureBase(message, input).split('\n').slice(0, -1);
};

const request = (targetUri: string, ...fields: (readonly [string, string])[]): RequestMessage => ({
  method: 'POST',
  targetUri,
  fields,
});

const cases: readonly (readonly [string, Message, string, readonly string[]])[] = [
  [
    '2.2.2 target URI',
    request('https://www.example.com/path?param=value'),
    '"@target-uri"',
    ['"@target-uri": https://www.example.com/path?param=value'],
  ],
  [
    '2.2.3 authority without the default port',
    request('https://www.example.com:443/'),
    '"@authority"',
    ['"@authority": www.example.com'],
  ],
  [
    '2.2.3 authority with another port',
    request('https://EXAMPLE.com:8443/'),
    '"@authority"',
    ['"@authority": example.com:8443'],
  ],
  ['2.2.4 scheme', request('http://www.example.com/'), '"@scheme"', ['"@scheme": http']],
  [
    '2.2.5 request target',
    request('https://www.example.com/path?param=value'),
    '"@request-target"',
    ['"@request-target": /path?param=value'],
  ],
  ['2.2.6 an empty path is a slash', request('https://www.example.com'), '"@path"', ['"@path": /']],
  [
    '2.2.7 a query with encoded octets',
    request('https://www.example.com/path?param=value&foo=bar&baz=bat%2Dman'),
    '"@query"',
    ['"@query": ?param=value&foo=bar&baz=bat%2Dman'],
  ],
  ['2.2.7 a bare query', request('https://www.example.com/path?queryString'), '"@query"', ['"@query": ?queryString']],
  ['2.2.7 an absent query is a question mark', request('https://www.example.com/path'), '"@query"', ['"@query": ?']],
  [
    '2.2.8 query parameters',
    request('https://www.example.com/path?param=value&foo=bar&baz=batman&qux='),
    '"@query-param";name="baz" "@query-param";name="qux" "@query-param";name="param"',
    ['"@query-param";name="baz": batman', '"@query-param";name="qux": ', '"@query-param";name="param": value'],
  ],
  [
    '2.2.8 decoded and encoded anew',
    request(
      'https://www.example.com/parameters?var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something',
    ),
    '"@query-param";name="var" "@query-param";name="bar" "@query-param";name="fa%C3%A7ade%22%3A%20"',
    [
      '"@query-param";name="var": this%20is%20a%20big%0Amultiline%20value',
      '"@query-param";name="bar": with%20plus%20whitespace',
      '"@query-param";name="fa%C3%A7ade%22%3A%20": something',
    ],
  ],
  [
    '2.1 lines are trimmed and joined',
    request(
      'https://a/',
      ['x-ows-header', '  Leading and trailing whitespace. '],
      ['cache-control', 'max-age=60'],
      ['cache-control', '   must-revalidate'],
      ['x-empty-header', ''],
    ),
    '"x-ows-header" "cache-control" "x-empty-header"',
    [
      '"x-ows-header": Leading and trailing whitespace.',
      '"cache-control": max-age=60, must-revalidate',
      '"x-empty-header": ',
    ],
  ],
  [
    '2.1.1 strict serialisation',
    request('https://a/', ['example-dict', ' a=1,    b=2;x=1;y=2,   c=(a   b   c)']),
    '"example-dict" "example-dict";sf',
    ['"example-dict": a=1,    b=2;x=1;y=2,   c=(a   b   c)', '"example-dict";sf: a=1, b=2;x=1;y=2, c=(a b c)'],
  ],
  [
    '2.1.2 members of a dictionary',
    request('https://a/', ['example-dict', ' a=1, b=2;x=1;y=2, c=(a   b    c), d']),
    '"example-dict";key="a" "example-dict";key="d" "example-dict";key="b" "example-dict";key="c"',
    [
      '"example-dict";key="a": 1',
      '"example-dict";key="d": ?1',
      '"example-dict";key="b": 2;x=1;y=2',
      '"example-dict";key="c": (a b c)',
    ],
  ],
  [
    '2.1.3 binary-wrapped lines',
    request('https://a/', ['example-header', 'value, with, lots'], ['example-header', 'of, commas']),
    '"example-header";bs',
    ['"example-header";bs: :dmFsdWUsIHdpdGgsIGxvdHM=:, :b2YsIGNvbW1hcw==:'],
  ],
];
for (const [title, message, components, lines] of cases)
  test(`RFC 9421 section ${title}`, () => {
    assert.deepEqual(linesOf(message, components), lines);
  });

const refused: readonly (readonly [string, Message, string])[] = [
  ['a component twice', request('https://a/'), '"@method" "@method"'],
  ['an absent field', request('https://a/'), '"date"'],
  ['an unknown derived component', request('https://a/'), '"@elsewhere"'],
  ['a query parameter that occurs twice', request('https://a/?a=1&a=2'), '"@query-param";name="a"'],
  ['a status of a request', request('https://a/'), '"@status"'],
  ['the request of a request', request('https://a/'), '"@method";req'],
  ['a method of a response', { status: 200, fields: [], request: request('https://a/') }, '"@method"'],
];
for (const [title, message, components] of refused)
  test(`RFC 9421 section 2.5 has no base for ${title}`, () => {
    assert.throws(() => linesOf(message, components));
  });
