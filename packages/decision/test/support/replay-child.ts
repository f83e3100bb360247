/** After a restart: reads what another process decided, evaluates it again, and streams the events anew. `node replay-child.ts FILE SEED COUNT` prints what came of it. */
import { readFileSync } from 'node:fs';
import { Rebuild, reevaluate } from '@hauberk/decision';
import { key, mainPolicy, newMemory, policiesOf, schema, schemaHash, stepsOf } from './small-bank.ts';

const [file = '', seed = '0', count = '0'] = process.argv.slice(2);
const bytes = readFileSync(file);
const [entry] = policiesOf([{ document: mainPolicy }]);
const rebuild = new Rebuild({ schema, key, memory: newMemory() });
const told = { decisions: 0, same: 0, rebuilt: 0, labels: 0, first: '' };
let at = 0;
for (const step of stepsOf(Number(seed), Number(count))) {
  if (step.kind === 'label') {
    told.labels += rebuild.label(step, rebuild.order + 1) ? 1 : 0;
    continue;
  }
  const length = bytes.readUInt32LE(at);
  const record = bytes.subarray(at + 4, at + 4 + length);
  at += 4 + length;
  told.decisions += 1;
  const again = reevaluate(record, schema, schemaHash, entry);
  if (again.ok && again.value.isSame && again.value.notRecorded.length === 0) told.same += 1;
  else told.first ||= JSON.stringify(again);
  const rebuilt = rebuild.event(step.event, record);
  if (rebuilt.state === 'same') told.rebuilt += 1;
  else told.first ||= JSON.stringify(rebuilt);
}
console.log(JSON.stringify({ ...told, isWhole: at === bytes.length }));
