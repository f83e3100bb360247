/** The codec of SMPP: what is written is read again, what is broken is refused with a code, and no octets throw. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { fieldsOf, type SmppOctet, type SmppText, smppCommands } from '../../src/sms/smpp-commands.ts';
import { SmppFramer } from '../../src/sms/smpp-framer.ts';
import { longestPdu, mostTlvs, readHead, readPdu, type SmppPdu, writePdu } from '../../src/sms/smpp-pdu.ts';

const bytes = (maxLength: number): fc.Arbitrary<Uint8Array<ArrayBuffer>> =>
  fc.uint8Array({ maxLength }).map((octets) => new Uint8Array(octets));

const visible = (most: number): fc.Arbitrary<string> =>
  fc.string({
    unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
    maxLength: most - 1,
  });

const pdus: fc.Arbitrary<SmppPdu> = fc.constantFrom(...smppCommands).chain((command) => {
  const fields = fieldsOf(command);
  const texts: Partial<Record<SmppText, fc.Arbitrary<string>>> = {};
  const octets: Partial<Record<SmppOctet, fc.Arbitrary<number>>> = {};
  for (const field of fields) {
    if (field.kind === 'text') texts[field.name] = visible(field.most);
    if (field.kind === 'octet') octets[field.name] = fc.integer({ min: 0, max: 255 });
  }
  const word = fc.integer({ min: 0, max: 0xffff_ffff });
  return fc.record({
    command: fc.constant(command),
    status: word,
    sequence: word,
    texts: fc.record(texts as Record<SmppText, fc.Arbitrary<string>>),
    octets: fc.record(octets as Record<SmppOctet, fc.Arbitrary<number>>),
    content: fields.some(({ kind }) => kind === 'content') ? bytes(255) : fc.constant(new Uint8Array(0)),
    tlvs: fc.array(fc.record({ tag: fc.integer({ min: 0, max: 0xffff }), value: bytes(40) }), { maxLength: 5 }),
  });
});

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test('every PDU is read as it was written', () => {
  fc.assert(
    fc.property(pdus, (pdu) => {
      const read = readPdu(writePdu(pdu));
      assert.ok(read.ok);
      assert.deepEqual(plain(read.value), plain(pdu));
    }),
    { numRuns: 500 },
  );
});

test('a stream gives the same PDUs however it is cut', () => {
  fc.assert(
    fc.property(fc.array(pdus, { maxLength: 6 }), fc.array(fc.integer({ min: 1, max: 60 })), (sent, cuts) => {
      const stream = Buffer.concat(sent.map((pdu) => writePdu(pdu)));
      const framer = new SmppFramer();
      const seen: Uint8Array[] = [];
      let at = 0;
      for (let turn = 0; at < stream.length; turn += 1) {
        const next = Math.min(stream.length, at + (cuts[turn % Math.max(1, cuts.length)] ?? 7));
        const frames = framer.push(stream.subarray(at, next));
        assert.ok(frames.ok);
        seen.push(...frames.value);
        at = next;
      }
      assert.deepEqual(Buffer.concat(seen), stream);
      assert.equal(seen.length, sent.length);
    }),
    { numRuns: 200 },
  );
});

test('no octets make the reader throw, and what it takes it writes as the same octets', () => {
  const codes = new Set<string>();
  const mutants = fc.tuple(
    pdus,
    fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
    fc.nat(),
  );
  fc.assert(
    fc.property(mutants, ([pdu, changes, cut]) => {
      const octets = writePdu(pdu);
      for (const [at, value] of changes) octets[16 + (at % Math.max(1, octets.length - 16))] = value;
      const frame = octets.slice(0, Math.max(16, octets.length - (cut % 5)));
      new DataView(frame.buffer).setUint32(0, frame.length);
      const read = readPdu(frame);
      if (!read.ok) codes.add(read.code);
      // The body of an answer may be left out; it is then written in full.
      else if (frame.length > 16) assert.deepEqual(writePdu(read.value), frame);
    }),
    { numRuns: 2000 },
  );
  assert.ok(codes.size >= 3, [...codes].join());
});

test('each refusal has its code', () => {
  const deliver = writePdu({ command: 'deliver-sm', texts: { source: '+1' } });
  const withLength = (octets: Uint8Array, length = octets.length): Uint8Array => {
    new DataView(octets.buffer).setUint32(0, length);
    return octets;
  };
  const codeOf = (octets: Uint8Array): string => {
    const read = readPdu(octets);
    return read.ok ? 'ok' : read.code;
  };
  assert.equal(codeOf(deliver.slice(0, 15)), 'smpp.length');
  assert.equal(codeOf(withLength(deliver.slice(), deliver.length + 1)), 'smpp.length');
  assert.equal(codeOf(withLength(deliver.slice(0, 20))), 'smpp.text');
  assert.equal(codeOf(withLength(deliver.slice(0, -1))), 'smpp.field');
  assert.equal(codeOf(withLength(Uint8Array.from([...deliver, 4, 0x24, 0]))), 'smpp.tlv');
  assert.equal(codeOf(Uint8Array.from([0, 0, 0, 16, 0, 0, 0, 0x99, 0, 0, 0, 0, 0, 0, 0, 1])), 'smpp.command');
  const many = {
    command: 'deliver-sm',
    tlvs: Array.from({ length: mostTlvs + 1 }, () => ({ tag: 5, value: new Uint8Array(1) })),
  } as const;
  assert.equal(codeOf(writePdu(many)), 'smpp.tlv');
  const long = new Uint8Array(16);
  new DataView(long.buffer).setUint32(0, longestPdu + 1);
  assert.equal(readHead(long).ok, false);
});
