/** `node --import …/only-node-20.mjs`: what JavaScript and Node gained after version 20 is taken away, so that a program that needs it fails. */
const gained = [
  [Promise, ['withResolvers', 'try']],
  [Map, ['groupBy']],
  [Object, ['groupBy']],
  [Array, ['fromAsync']],
  [RegExp, ['escape']],
  [Error, ['isError']],
  [Math, ['sumPrecise', 'f16round']],
  [Uint8Array, ['fromBase64', 'fromHex']],
  [Uint8Array.prototype, ['toBase64', 'toHex', 'setFromBase64', 'setFromHex']],
  [ArrayBuffer.prototype, ['transfer', 'transferToFixedLength']],
  [Set.prototype, ['union', 'intersection', 'difference', 'symmetricDifference', 'isSubsetOf', 'isSupersetOf']],
  [
    Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())),
    ['map', 'filter', 'take', 'drop', 'flatMap', 'reduce', 'toArray', 'forEach', 'some', 'every', 'find'],
  ],
  [globalThis, ['Iterator', 'WebSocket', 'navigator', 'Float16Array', 'localStorage', 'sessionStorage', 'URLPattern']],
  [AbortSignal, ['any']],
  [URL, ['parse']],
];
for (const [holder, names] of gained) for (const name of names) delete holder[name];
