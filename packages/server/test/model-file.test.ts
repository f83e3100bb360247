/** `hauberk model import|check|explain`, and the optional runtime for models of ONNX, which is not installed here. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type OnnxTensor, onnxChances } from '@hauberk/decision';
import { type OnnxRuntime, openOnnx } from '../src/decision/onnx-runtime.ts';
import { ModelNotRead, servedModel } from '../src/decision/served-model.ts';

const folder = mkdtempSync(join(tmpdir(), 'hauberk-model-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const hauberk = (...args: readonly string[]) =>
  spawnSync(process.execPath, ['packages/server/src/main.ts', 'model', ...args], { encoding: 'utf8' });

interface Golden {
  readonly text: string;
  readonly rows: readonly (readonly (number | null)[])[];
  readonly raw: readonly number[];
}
const golden = JSON.parse(readFileSync('packages/decision/vectors/models/lightgbm-nan.json', 'utf8')) as Golden;
const names = ['amount', 'age', 'merchantKind', 'idle', 'speed', 'channelKind', 'grade', 'balance'];
const file = join(folder, 'model.txt');
writeFileSync(file, golden.text);
const rowsFile = (name: string, change: (raw: number, place: number) => object): string => {
  const path = join(folder, name);
  const lines = golden.rows.map((row, place) =>
    JSON.stringify({
      features: Object.fromEntries(names.map((each, feature) => [each, row[feature]])),
      ...change(golden.raw[place] as number, place),
    }),
  );
  writeFileSync(path, lines.join('\n'));
  return path;
};

test('model import and check: a document that scores the same; a row that scores otherwise is told', () => {
  const out = join(folder, 'document.json');
  const imported = hauberk('import', file, '--out', out, '--json');
  assert.equal(imported.status, 0, imported.stderr);
  const rows = rowsFile('rows.jsonl', (raw, place) => ({ raw, fraud: place % 2 === 0 ? raw > -1 : raw > -0.9 }));
  const told = [file, out].map((each) => {
    const checked = hauberk('check', each, '--rows', rows, '--json');
    assert.equal(checked.status, 0, checked.stderr);
    return JSON.parse(checked.stdout) as Readonly<Record<string, unknown>>;
  });
  assert.deepEqual(told[0], told[1]);
  assert.equal(told[0]?.['hash'], (JSON.parse(imported.stdout) as { hash: string }).hash);
  assert.ok((told[0]?.['area'] as number) > 0.9);
  const differs = hauberk(
    'check',
    file,
    '--rows',
    rowsFile('other.jsonl', (raw) => ({ raw: raw + 1e-15 })),
  );
  assert.equal(differs.status, 1);
  assert.match(differs.stderr, /model\.score-differs/);
  const noise = hauberk(
    'check',
    file,
    '--rows',
    rowsFile('noise.jsonl', (_, place) => ({ fraud: (place * 7919) % 13 < 6 })),
  );
  assert.match(noise.stderr, /model\.no-better-than-noise/);
});

test('model explain: contributions add up to the score, path by path and fairly', () => {
  const row = JSON.stringify({ amount: 2, idle: 0, merchantKind: 4 });
  for (const how of [[], ['--shapley']]) {
    const done = hauberk('explain', file, '--row', row, '--json', ...how);
    assert.equal(done.status, 0, done.stderr);
    const { raw, reasons, features } = JSON.parse(done.stdout) as {
      readonly raw: number;
      readonly reasons: readonly string[];
      readonly features: readonly { readonly contribution: number }[];
    };
    assert.ok(reasons.length > 0 && Number.isFinite(raw) && features.length > 2);
  }
  assert.match(hauberk('explain', file, '--row', row).stdout, /score 0\.\d+\n {2}model\./);
});

test('model files: wrong usage, and files that are none, by code', () => {
  assert.equal(hauberk('explain', file).status, 2);
  assert.equal(hauberk('import', file).status, 2);
  assert.equal(hauberk('check').status, 2);
  const wrong = join(folder, 'wrong.json');
  writeFileSync(wrong, '{"num_class":1}');
  const refused = hauberk('check', wrong);
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /model-file\./);
  assert.equal(hauberk('check', join(folder, 'missing.json')).status, 1);
});

test('ONNX: without the runtime the refusal says how to install it', async () => {
  const opened = await openOnnx('model.onnx', () => Promise.reject(new Error('not here')));
  assert.ok(!opened.ok);
  assert.equal(opened.code, 'onnx.missing');
  assert.match(opened.detail ?? '', /npm install onnxruntime-node/);
});

class FakeTensor implements OnnxTensor {
  readonly data: Float32Array;
  readonly dims: readonly number[];
  constructor(_: 'float32', data: Float32Array, dims: readonly number[]) {
    this.data = data;
    this.dims = dims;
  }
}
const fake = (outputs: (feeds: OnnxTensor) => Readonly<Record<string, OnnxTensor>>): OnnxRuntime => ({
  Tensor: FakeTensor,
  InferenceSession: {
    create: (path) =>
      path === 'bad.onnx'
        ? Promise.reject(new Error('no protobuf'))
        : Promise.resolve({
            inputNames: ['rows'],
            outputNames: ['label', 'chances'],
            run: (feeds) => Promise.resolve(outputs(feeds['rows'] as OnnxTensor)),
          }),
  },
});

test('ONNX: rows go in as single precision with NaN for missing, and the chance of the last class comes out', async () => {
  const seen: OnnxTensor[] = [];
  const runtime = fake((rows) => {
    seen.push(rows);
    return {
      label: { dims: [2], data: [1n, 0n] },
      chances: { dims: [2, 2], data: Float32Array.from([0.25, 0.75, 0.5, 0.5]) },
    };
  });
  const session = await openOnnx('model.onnx', () => Promise.resolve(runtime));
  assert.ok(session.ok);
  const chances = await onnxChances(
    session.value,
    [Float64Array.from([0.1, Number.NaN]), Float64Array.from([1, 2])],
    2,
  );
  assert.ok(chances.ok);
  assert.deepEqual([...chances.value], [0.75, 0.5]);
  assert.deepEqual(seen[0]?.dims, [2, 2]);
  const [tensor] = seen;
  assert.ok(tensor instanceof FakeTensor);
  assert.deepEqual([...tensor.data], [Math.fround(0.1), Number.NaN, 1, 2]);
  const none = await openOnnx('model.onnx', () => Promise.resolve(fake(() => ({ label: { dims: [1], data: [7] } }))));
  assert.ok(none.ok);
  const refused = await onnxChances(none.value, [Float64Array.from([1])], 1);
  assert.equal(refused.ok ? '' : refused.code, 'onnx.outputs');
  const bad = await openOnnx('bad.onnx', () => Promise.resolve(runtime));
  assert.equal(bad.ok ? '' : bad.code, 'onnx.unreadable');
});

test('the model of a snapshot is made ready once, and one that cannot be read leaves decisions without a score', () => {
  const out = join(folder, 'served.json');
  assert.equal(hauberk('import', file, '--out', out).status, 0);
  const faults: unknown[] = [];
  const text = { hash: 'ab', document: readFileSync(out, 'utf8').trim() };
  const model = servedModel(text, undefined, (error) => faults.push(error));
  assert.ok(model);
  assert.equal(model.raw(Float64Array.from(golden.rows[0] ?? [], (value) => value ?? Number.NaN)), golden.raw[0]);
  assert.equal(
    servedModel(text, model, (error) => faults.push(error)),
    model,
  );
  assert.equal(faults.length, 0);
  assert.equal(
    servedModel({ hash: 'cd', document: '{}' }, model, (error) => faults.push(error)),
    undefined,
  );
  assert.ok(faults[0] instanceof ModelNotRead);
  assert.equal(
    servedModel(null, model, (error) => faults.push(error)),
    undefined,
  );
});
