/**
 * A process with an SMS plane over a state folder, until it is killed. Its receiver appends each message that it is handed to the outbox: a
 * stand-in for binding, which tells how often each was counted. Arguments: the folder, the `sms` member of a configuration as JSON.
 */
import { epochMs, utf8 } from '@hauberk/primitives';
import { smsSchema } from '../../src/config/sms-schema.ts';
import { openSmsPlane } from '../../src/sms/sms-plane.ts';
import { openStorage } from '../../src/storage/index.ts';

const [folder = '', text = ''] = process.argv.slice(2);
const config = smsSchema.parse(JSON.parse(text));
if (config === undefined) throw new Error('no configuration');
const storage = await openStorage({ folder });
const scope = { organisation: 'bank', app: 'retail' };
const now = () => epochMs(Date.now());
const { outbox } = storage.ports;
const plane = await openSmsPlane({
  config,
  inbox: storage.ports.sms,
  receiver: async ({ messageId, text: said }) => {
    const payload = utf8(JSON.stringify({ messageId, said }));
    const appended = await outbox.append([{ scope, kind: 'test.sms', atMs: now(), payload }]);
    return appended.ok ? { outcome: 'counted' } : appended;
  },
  now,
  failed: (error) => process.stderr.write(`${String(error)}\n`),
  linkChanged: () => undefined,
});
process.on('message', (message) => {
  if (message !== 'status') return;
  const { user, system } = process.cpuUsage();
  process.send?.({ status: plane.status(), cpuSeconds: (user + system) / 1e6 });
});
process.on('SIGTERM', () => {
  void plane
    .close()
    .then(() => storage.close())
    .then(() => process.exit(0));
});
process.send?.({ port: plane.port });
