/** Backup and restore: a consistent copy while writing goes on, and a restore that gives nothing back that was taken away. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { epochMs } from '@hauberk/primitives';
import { accepted, bank, enrolment, refused } from '../contract/harness.ts';
import { verifyAuditFolder } from '../src/audit/verify-folder.ts';
import { type MasterKey, readMasterKeyFile } from '../src/keys/master-key.ts';
import { backupState } from '../src/storage/backup.ts';
import { isSealedBackup, openBackup, sealBackup } from '../src/storage/backup-seal.ts';
import { type OpenStorage, openStorage, StateError } from '../src/storage/index.ts';
import { type RestoreSummary, restoreState } from '../src/storage/restore.ts';

const now = epochMs(Date.now());
const expiresAtMs = epochMs(now + 3_600_000);
const request = { fingerprint: 'f', expiresAtMs, retryUnknown: false };
const codeOf = (code: string) => (error: unknown) => error instanceof StateError && error.code === code;
const trust = { pinned: [], anchors: [] };

interface Place {
  readonly root: string;
  readonly folder: string;
  readonly file: string;
}

const inPlace = (run: (place: Place) => Promise<void>) => async (): Promise<void> => {
  const root = mkdtempSync(join(tmpdir(), 'hauberk-backup-'));
  try {
    await run({ root, folder: join(root, 'state'), file: join(root, 'backup') });
  } finally {
    rmSync(root, { recursive: true });
  }
};

const withState = async <Answer>(folder: string, work: (storage: OpenStorage) => Promise<Answer>): Promise<Answer> => {
  const storage = await openStorage({ folder, upkeepMs: 0 });
  try {
    return await work(storage);
  } finally {
    await storage.close();
  }
};

const enrol = async ({ ports }: OpenStorage, name: string): Promise<string> =>
  accepted(await ports.devices.enrol(bank, enrolment(name), now)).device.id;

const change = (state: 'suspended' | 'revoked' | 'lost' | 'enrolled') => ({ state, actor: 'operator', reason: 'test' });

const begin = async ({ ports }: OpenStorage, device: string, key: string) =>
  accepted(await ports.idempotency.begin(bank, { device, customer: 'c', route: 'r', key }, request, now));

const finish = async (storage: OpenStorage, device: string, key: string): Promise<void> => {
  const begun = await begin(storage, device, key);
  assert.ok(begun.state === 'fresh');
  const content = new TextEncoder().encode(key);
  accepted(await storage.ports.idempotency.finish(begun.attempt, { kept: true, status: 200, content }, now));
};

const restore = (place: Place, over: Partial<Parameters<typeof restoreState>[0]> = {}): Promise<RestoreSummary> =>
  restoreState({ file: place.file, folder: place.folder, acceptRollback: false, nowMs: Date.now(), ...over });

/** The master key of a state folder. */
const masterOf = (folder: string): MasterKey => {
  const master = readMasterKeyFile(join(folder, 'keys'));
  assert.ok(master !== undefined);
  return master;
};

/** Moves the master key as an operator does who keeps it apart from backups. */
const bringMasterKey = (from: string, to: string): void => {
  mkdirSync(join(to, 'keys'), { recursive: true, mode: 0o700 });
  cpSync(join(from, 'keys', 'master.key'), join(to, 'keys', 'master.key'));
};

describe('backup', () => {
  test(
    'is consistent while writing goes on, and holds all that was acknowledged before it',
    inPlace(async (place) => {
      await withState(place.folder, async (storage) => {
        for (let index = 0; index < 50; index += 1) await enrol(storage, `before-${index}`);
        let isDone = false;
        const writing = (async () => {
          for (let index = 0; !isDone; index += 1) await enrol(storage, `during-${index}`);
        })();
        const summary = await backupState(place.folder, place.file, Date.now());
        isDone = true;
        await writing;
        assert.ok(summary.auditEntries >= 51);
      });
      const opened = join(place.root, 'opened');
      openBackup(place.file, opened, { master: masterOf(place.folder) });
      const copy = new DatabaseSync(opened, { readOnly: true });
      assert.equal(copy.prepare('pragma integrity_check').get()?.['integrity_check'], 'ok');
      const count = (sql: string): number => Number(copy.prepare(sql).get()?.['n']);
      const devices = count('select count(*) as n from devices');
      assert.ok(devices >= 50);
      assert.equal(count('select count(*) as n from device_keys'), devices, 'no half enrolment');
      assert.equal(count("select count(*) as n from audit_entries where action = 'device.enrolled'"), devices);
      copy.close();
    }),
  );
  test(
    'holds neither the master key nor any secret, and is readable by its owner only',
    inPlace(async (place) => {
      const secrets = await withState(place.folder, async (storage) => {
        await enrol(storage, 'a');
        await backupState(place.folder, place.file, Date.now());
        return storage.keys.snapshot().map(({ sealed }) => Buffer.from(sealed.export()));
      });
      const bytes = readFileSync(place.file);
      const master = readFileSync(join(place.folder, 'keys', 'master.key'), 'utf8').trim();
      for (const secret of [...secrets, Buffer.from(master, 'base64url'), Buffer.from(master)]) {
        assert.equal(bytes.includes(secret), false);
      }
      assert.equal(statSync(place.file).mode & 0o077, 0);
      assert.deepEqual(
        readdirSync(place.root).toSorted((left, right) => left.localeCompare(right)),
        ['backup', 'state'],
      );
    }),
  );
});

describe('restore', () => {
  test(
    'into an empty folder brings devices, keys and outcomes back, in a new epoch, with logins ended',
    inPlace(async (place) => {
      const before = await withState(place.folder, async (storage) => {
        const device = await enrol(storage, 'a');
        await finish(storage, device, 'k');
        const opening = { device, credentialHash: 'h', customer: 'c', grants: ['account:1'], expiresAtMs };
        accepted(await storage.ports.logins.open(bank, opening, now));
        const { id } = storage.keys.current('config-signing', now);
        const ticket = storage.keys.current('resume-ticket', now).id;
        return { device, id, ticket, boot: storage.boot, epoch: storage.epoch };
      });
      await backupState(place.folder, place.file, Date.now());
      const fresh = { ...place, folder: join(place.root, 'fresh') };
      bringMasterKey(place.folder, fresh.folder);
      const summary = await restore(fresh);
      assert.deepEqual([summary.rollback, summary.replaced], [null, null]);
      assert.equal(summary.epoch, before.epoch + 1);
      await withState(fresh.folder, async (storage) => {
        assert.equal(storage.epoch, summary.epoch);
        assert.ok(storage.boot > before.boot + 1000, 'no boot number that the lost state may have used since');
        assert.equal((await storage.ports.devices.find(bank, before.device))?.state, 'enrolled');
        assert.equal(await storage.ports.logins.find(bank, before.device, 'h', now), undefined);
        const begun = await begin(storage, before.device, 'k');
        assert.ok(begun.state === 'done' && begun.outcome.kept);
        assert.equal(storage.keys.current('config-signing', now).id, before.id);
        assert.equal(storage.keys.find('resume-ticket', before.ticket), undefined);
      });
      assert.deepEqual(verifyAuditFolder(fresh.folder, trust).findings, []);
    }),
  );
  test(
    'without the master key, or with another one, is refused and changes nothing',
    inPlace(async (place) => {
      await withState(place.folder, (storage) => enrol(storage, 'a'));
      await backupState(place.folder, place.file, Date.now());
      const fresh = { ...place, folder: join(place.root, 'fresh') };
      const refusal = await restore(fresh).catch((error: unknown) => error);
      assert.ok(codeOf('master-key-missing')(refusal));
      assert.match((refusal as StateError).hint, /HAUBERK_MASTER_KEY_FILE/);
      const other = join(place.root, 'other');
      await withState(other, (storage) => enrol(storage, 'b'));
      const record = readFileSync(join(other, 'record.db'));
      await assert.rejects(restore({ ...place, folder: other }), codeOf('master-key-mismatch'));
      assert.deepEqual(readFileSync(join(other, 'record.db')), record);
      assert.equal(existsSync(join(fresh.folder, 'record.db')), false);
    }),
  );
  test(
    'is refused while a process uses the folder',
    inPlace(async (place) => {
      await withState(place.folder, async (storage) => {
        await enrol(storage, 'a');
        await backupState(place.folder, place.file, Date.now());
        await assert.rejects(restore(place), codeOf('state-locked'));
      });
    }),
  );
});

/** A state that went on after its backup: one device of each fate, keys that were used, a config that was published. */
const goOn = async (place: Place) => {
  const devices = await withState(place.folder, async (storage) => {
    const names = ['stays', 'revoked', 'suspended', 'lost', 'reinstated'];
    const ids = new Map<string, string>();
    for (const name of names) ids.set(name, await enrol(storage, name));
    accepted(await storage.ports.devices.changeState(bank, ids.get('reinstated') ?? '', change('suspended'), now));
    return ids;
  });
  await backupState(place.folder, place.file, Date.now());
  const since = await withState(place.folder, async (storage) => {
    for (const state of ['revoked', 'suspended', 'lost'] as const) {
      accepted(await storage.ports.devices.changeState(bank, devices.get(state) ?? '', change(state), now));
    }
    accepted(await storage.ports.devices.changeState(bank, devices.get('reinstated') ?? '', change('enrolled'), now));
    const later = await enrol(storage, 'later-revoked');
    accepted(await storage.ports.devices.changeState(bank, later, change('revoked'), now));
    const stays = devices.get('stays') ?? '';
    await finish(storage, stays, 'paid');
    await begin(storage, stays, 'paying');
    const config = { service: 'api', version: 5, hash: new Uint8Array(32), document: '{}', publishedAtMs: now };
    accepted(await storage.ports.apps.publishConfig(bank, config));
    const directive = {
      revision: 1,
      directive: {
        id: 'd',
        kind: 'privacy.stop',
        kindVersion: 1,
        version: 1,
        scope: { ...bank, service: null },
        notBeforeMs: now,
        expiresAtMs: now,
        target: null,
        body: { stops: [] },
      },
    };
    const published = { rollouts: [], publish: [directive], audit: [] };
    accepted(await storage.ports.directives.commit(bank, published, now));
    const event = { scope: bank, kind: 'k', atMs: now, payload: new Uint8Array(3) };
    accepted(await storage.ports.outbox.append([event, event]));
    accepted(await storage.ports.outbox.acknowledge('reader', 2));
    const challenge = await storage.ports.challenges.issue(bank, now);
    return { later, challenge, revocations: await storage.ports.devices.revocationsAfter(0, 100) };
  });
  return { devices, ...since };
};

describe('restore over a state that went on', () => {
  test(
    'is refused as an audit rollback unless the operator accepts it, and says how much would be lost',
    inPlace(async (place) => {
      await goOn(place);
      const record = readFileSync(join(place.folder, 'record.db'));
      const refusal = await restore(place).catch((error: unknown) => error);
      assert.ok(codeOf('state-rollback')(refusal));
      assert.match((refusal as Error).message, /\d+ entries.*older/);
      assert.deepEqual(readFileSync(join(place.folder, 'record.db')), record);
      const summary = await restore(place, { acceptRollback: true });
      assert.equal(summary.rollback?.kind, 'older');
      assert.ok((summary.rollback?.presentSize ?? 0) > (summary.rollback?.backupSize ?? 0));
    }),
  );
  test(
    'keeps what was taken away since: revocations, used keys, config versions, read events',
    inPlace(async (place) => {
      const { devices, later, challenge, revocations } = await goOn(place);
      const summary = await restore(place, { acceptRollback: true });
      assert.ok(summary.kept.revocations >= 4);
      await withState(place.folder, async (storage) => {
        const { ports } = storage;
        for (const state of ['revoked', 'suspended', 'lost'] as const) {
          assert.equal((await ports.devices.find(bank, devices.get(state) ?? ''))?.state, state);
        }
        assert.equal((await ports.devices.find(bank, devices.get('reinstated') ?? ''))?.state, 'enrolled');
        assert.equal((await ports.devices.find(bank, later))?.state, 'revoked', 'unknown to the backup');
        const again = accepted(await ports.devices.enrol(bank, enrolment('later-revoked'), now));
        assert.equal(again.device.state, 'revoked', 'its key enrols no new device');
        const stays = devices.get('stays') ?? '';
        assert.equal((await begin(storage, stays, 'paid')).state, 'done');
        assert.equal((await begin(storage, stays, 'paying')).state, 'outcome-unknown');
        const config = { service: 'api', version: 5, hash: new Uint8Array(32), document: '{}', publishedAtMs: now };
        assert.equal(refused(await ports.apps.publishConfig(bank, config)), 'config-version-not-rising');
        assert.equal(await ports.directives.version({ scope: bank, kind: 'privacy.stop', service: null }), 1);
        assert.equal(await ports.outbox.head(), 2);
        assert.equal(await ports.outbox.acknowledged('reader'), 2);
        const consumed = await ports.challenges.consume(bank, challenge, now);
        assert.equal(refused(consumed), 'challenge-foreign', 'a challenge from before the restore');
        const last = Math.max(...revocations.map(({ position }) => position));
        const followed = await ports.devices.revocationsAfter(last, 100);
        assert.ok(followed.length >= 4, 'a follower of the old log hears of what was merged');
      });
    }),
  );
  test(
    'a counter never falls, a demand is not forgotten and a retired key stays retired: evidence of before the restore is old',
    inPlace(async (place) => {
      const facts = { platform: 'ios', level: 'secure-element' } as const;
      const appraised = (value: number) => ({
        kind: 'app-attest',
        tier: 1,
        facts,
        verdictReference: `app-attest:${value}`,
        counter: { key: 'apple', value },
      });
      const evidence = (name: string, value: number) => ({
        appraised: appraised(value),
        signedBy: `thumbprint-${name}`,
        evidence: new Uint8Array(8),
      });
      const enrolPhone = async ({ ports }: OpenStorage, name: string): Promise<string> => {
        const asked = { ...enrolment(name), verdictReference: 'app-attest:0', appraised: appraised(0) };
        return accepted(await ports.devices.enrol(bank, asked, now)).device.id;
      };
      const [counted, asked, rotated] = await withState(place.folder, async (storage) => [
        await enrolPhone(storage, 'counted'),
        await enrolPhone(storage, 'asked'),
        await enrolPhone(storage, 'rotated'),
      ]);
      await backupState(place.folder, place.file, Date.now());
      await withState(place.folder, async ({ ports: { attestations } }) => {
        const later = epochMs(now + 1);
        accepted(await attestations.attest(bank, counted ?? '', evidence('counted', 5), later));
        const by = { actor: 'operator', reason: 'test' };
        accepted(await attestations.demand(bank, asked ?? '', { reason: 'demanded', atMs: later }, by));
        const signedBy = ['thumbprint-rotated', 'successor'];
        const successor = { thumbprint: 'successor', publicKey: new Uint8Array(65), signedBy };
        accepted(await attestations.rotate(bank, rotated ?? '', successor, later));
      });
      await restore(place, { acceptRollback: true });
      await withState(place.folder, async ({ ports: { attestations, devices } }) => {
        const copied = await attestations.attest(bank, counted ?? '', evidence('counted', 4), epochMs(now + 2));
        assert.equal(refused(copied), 'reattest.counter');
        assert.equal((await attestations.record(bank, asked ?? ''))?.record.demand?.reason, 'demanded');
        assert.equal(await devices.findByThumbprint(bank, 'thumbprint-rotated', 'identity'), undefined);
        assert.equal((await devices.findByThumbprint(bank, 'successor', 'identity'))?.device.id, rotated);
        const kinds = (await attestations.record(bank, counted ?? ''))?.record.history.map(({ kind }) => kind);
        assert.deepEqual(kinds, ['enrolled', 'attested'], 'and the history goes on');
      });
    }),
  );
  test(
    'keeps the replaced record, tells of the rollback in the audit log, and leaves a log that is whole',
    inPlace(async (place) => {
      await goOn(place);
      const before = verifyAuditFolder(place.folder, trust);
      const summary = await restore(place, { acceptRollback: true });
      const report = verifyAuditFolder(place.folder, trust);
      assert.deepEqual(report.findings, []);
      const replaced = new DatabaseSync(join(summary.replaced ?? '', 'record.db'), { readOnly: true });
      assert.equal(replaced.prepare('select count(*) as n from audit_entries').get()?.['n'], before.entries);
      replaced.close();
      const record = new DatabaseSync(join(place.folder, 'record.db'), { readOnly: true });
      const row = record.prepare("select entry from audit_entries where action = 'state.restored'").get();
      record.close();
      const { facts } = JSON.parse(String(row?.['entry'])) as { facts: { rollback: unknown } };
      assert.deepEqual(facts.rollback, summary.rollback);
    }),
  );
  test(
    'notices a log that was continued differently after the backup',
    inPlace(async (place) => {
      await withState(place.folder, (storage) => enrol(storage, 'a'));
      const other = join(place.root, 'other');
      cpSync(place.folder, other, { recursive: true });
      await withState(other, async (storage) => {
        for (const name of ['x', 'y', 'z']) await enrol(storage, name);
      });
      await backupState(other, place.file, Date.now());
      await withState(place.folder, (storage) => enrol(storage, 'b'));
      const refusal = await restore(place).catch((error: unknown) => error);
      assert.ok(codeOf('state-rollback')(refusal));
      assert.match((refusal as Error).message, /forked/);
    }),
  );
  test(
    'a record that was deleted does not hide a rollback: the anchor tells',
    inPlace(async (place) => {
      await goOn(place);
      for (const name of readdirSync(place.folder)) {
        if (name.startsWith('record.db')) rmSync(join(place.folder, name));
      }
      await assert.rejects(restore(place), codeOf('state-rollback'));
    }),
  );
  test(
    'a key that was withdrawn since the backup does not come back',
    inPlace(async (place) => {
      const withdrawn = await withState(place.folder, async (storage) => {
        await backupState(place.folder, place.file, Date.now());
        const { id } = storage.keys.current('directive-signing', now);
        storage.keys.withdraw('directive-signing', id, now);
        return id;
      });
      await restore(place, { acceptRollback: true });
      await withState(place.folder, async (storage) => {
        assert.equal(storage.keys.find('directive-signing', withdrawn), undefined);
      });
    }),
  );
  test(
    'a present record that is damaged is given up only when the operator accepts it, and is kept aside',
    inPlace(async (place) => {
      const { devices } = await goOn(place);
      writeFileSync(join(place.folder, 'record.db'), 'destroyed beyond reading, as disks sometimes do');
      const refusal = await restore(place).catch((error: unknown) => error);
      assert.ok(codeOf('state-rollback')(refusal));
      assert.match((refusal as Error).message, /unreadable/);
      const summary = await restore(place, { acceptRollback: true });
      assert.equal(summary.rollback?.kind, 'unreadable');
      assert.match(readFileSync(join(summary.replaced ?? '', 'record.db'), 'utf8'), /^destroyed/);
      await withState(place.folder, async (storage) => {
        assert.equal((await storage.ports.devices.find(bank, devices.get('stays') ?? ''))?.state, 'enrolled');
      });
    }),
  );
  test(
    'restoring twice raises the epoch twice',
    inPlace(async (place) => {
      await goOn(place);
      const first = await restore(place, { acceptRollback: true });
      const second = await restore(place, { acceptRollback: true });
      assert.equal(second.epoch, first.epoch + 1);
      assert.ok(second.boot > first.boot);
    }),
  );
});

/** Changes what a sealed backup holds, as only who has the master key can. */
const changeInside = (place: Place, change: (file: string) => void): void => {
  const opened = join(place.root, 'opened');
  const key = { master: masterOf(place.folder) };
  openBackup(place.file, opened, key);
  change(opened);
  rmSync(place.file);
  sealBackup(opened, place.file, key);
};

describe('the seal of a backup', () => {
  const passphrase = 'eleven dull lamps';
  const customer = 'customer-4711-of-the-bank';
  const made = async (place: Place, options: Parameters<typeof backupState>[3] = {}) =>
    withState(place.folder, async (storage) => {
      const device = await enrol(storage, 'a');
      const opening = { device, credentialHash: 'h', customer, grants: ['account:DE-4711'], expiresAtMs };
      accepted(await storage.ports.logins.open(bank, opening, now));
      await backupState(place.folder, place.file, Date.now(), options);
      return device;
    });

  for (const options of [{}, { passphrase }])
    test(
      `under ${'passphrase' in options ? 'a passphrase' : 'the master key'} nothing of a customer can be read, and no copy in clear is left`,
      inPlace(async (place) => {
        const device = await made(place, options);
        const bytes = readFileSync(place.file);
        for (const word of [customer, 'account:DE-4711', device, 'audit_entries', 'SQLite format'])
          assert.equal(bytes.includes(word), false, word);
        const left = readdirSync(place.folder, { recursive: true }).map(String);
        assert.deepEqual(
          left.filter((name) => /backup|opened|restoring|\.new$/.test(name)),
          [],
        );
        await restore(place, { acceptRollback: true, ...options });
        const after = readdirSync(place.folder).map(String);
        assert.deepEqual(
          after.filter((name) => /backup|opened|restoring|\.new$/.test(name)),
          [],
        );
        await withState(place.folder, async ({ ports }) => {
          assert.equal((await ports.devices.find(bank, device))?.state, 'enrolled');
        });
      }),
    );

  test(
    'a passphrase is needed, the right one, and one that is worth it',
    inPlace(async (place) => {
      await made(place, { passphrase });
      await assert.rejects(restore(place), codeOf('backup-key-missing'));
      await assert.rejects(restore(place, { passphrase: 'another one of that length' }), codeOf('backup-key-wrong'));
      const short = backupState(place.folder, join(place.root, 'short'), Date.now(), { passphrase: 'too short' });
      await assert.rejects(short, codeOf('backup-key-missing'));
    }),
  );

  test(
    'no byte of it can be changed, nothing can be cut off, added or exchanged',
    inPlace(async (place) => {
      await made(place);
      const bytes = readFileSync(place.file);
      assert.ok(bytes.length > 3 * 65_552, 'several frames');
      const lines = bytes.indexOf('\n', bytes.indexOf('\n') + 1) + 1;
      const frame = 65_552;
      const spots = [3, 20, lines - 5, lines, lines + frame - 1, lines + frame, bytes.length - 1];
      const flipped = spots.map((at) => {
        const copy = Buffer.from(bytes);
        copy[at] = (copy[at] ?? 0) ^ 1;
        return copy;
      });
      const whole = bytes.subarray(0, lines + frame);
      const second = bytes.subarray(lines + frame, lines + 2 * frame);
      const first = bytes.subarray(lines, lines + frame);
      const rest = bytes.subarray(lines + 2 * frame);
      const head = bytes.subarray(0, lines);
      const bent = [
        ...flipped,
        bytes.subarray(0, -1),
        bytes.subarray(0, lines),
        bytes.subarray(0, 10),
        whole,
        Buffer.concat([bytes, Buffer.from('x')]),
        Buffer.concat([head, second, first, rest]),
        Buffer.concat([head, first, rest]),
      ];
      const file = join(place.root, 'bent');
      for (const [index, content] of bent.entries()) {
        writeFileSync(file, content);
        const refusal = await restore(place, { file, acceptRollback: true }).catch((error: unknown) => error);
        assert.ok(refusal instanceof StateError, `${index}: ${String(refusal)}`);
      }
      await restore(place, { acceptRollback: true });
    }),
  );

  test(
    'a file that is there is kept unless the operator says otherwise, and a failed backup leaves nothing',
    inPlace(async (place) => {
      await withState(place.folder, (storage) => enrol(storage, 'a'));
      writeFileSync(place.file, 'somebody else’s');
      await assert.rejects(backupState(place.folder, place.file, Date.now()), codeOf('backup-exists'));
      assert.equal(readFileSync(place.file, 'utf8'), 'somebody else’s');
      await backupState(place.folder, place.file, Date.now(), { force: true });
      assert.ok(isSealedBackup(place.file));
      await Promise.allSettled([1, 2].map(() => backupState(place.folder, join(place.root, 'at-once'), Date.now())));
      assert.deepEqual(
        readdirSync(place.root).toSorted((left, right) => left.localeCompare(right)),
        ['at-once', 'backup', 'state'],
      );
    }),
  );

  test(
    'what an earlier version wrote in clear is still restored, what a later one wrote is told as such',
    inPlace(async (place) => {
      await withState(place.folder, (storage) => enrol(storage, 'a'));
      await backupState(place.folder, place.file, Date.now());
      const clear = join(place.root, 'clear');
      openBackup(place.file, clear, { master: masterOf(place.folder) });
      assert.equal(isSealedBackup(clear), false);
      await restore(place, { file: clear, acceptRollback: true });
      writeFileSync(place.file, 'hauberk-backup 3\n{}\n');
      await assert.rejects(restore(place), codeOf('state-newer-than-program'));
    }),
  );
});

describe('a backup that is not sound', () => {
  const spoil: readonly [string, (file: string) => void][] = [
    ['is no database', (file) => writeFileSync(file, 'nothing of that kind, but of some length')],
    ['is cut', (file) => writeFileSync(file, readFileSync(file).subarray(0, 40_000))],
    [
      'has a changed audit entry',
      (file) => {
        const database = new DatabaseSync(file);
        database.exec("update audit_entries set entry = replace(entry, 'gateway', 'nobody')");
        database.close();
      },
    ],
    [
      'is a plain record',
      (file) => {
        const database = new DatabaseSync(file);
        database.exec('drop table backup_parts');
        database.close();
      },
    ],
    [
      'is of a later version',
      (file) => {
        const database = new DatabaseSync(file);
        database.exec(`update backup_parts set content = '{"v":2}' where name = 'manifest'`);
        database.close();
      },
    ],
  ];
  for (const [name, damage] of spoil) {
    test(
      `because it ${name} is refused, and the state stays as it is`,
      inPlace(async (place) => {
        await withState(place.folder, (storage) => enrol(storage, 'a'));
        await backupState(place.folder, place.file, Date.now());
        if (name.startsWith('is no database') || name === 'is cut') damage(place.file);
        else changeInside(place, damage);
        const record = readFileSync(join(place.folder, 'record.db'));
        await assert.rejects(restore(place, { acceptRollback: true }), codeOf('backup-malformed'));
        assert.deepEqual(readFileSync(join(place.folder, 'record.db')), record);
      }),
    );
  }
});

describe('hauberk backup and restore', () => {
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
  const run = (...args: string[]) => {
    const { status, stdout } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });
    return { status, last: stdout.trimEnd().split('\n').at(-1) ?? '' };
  };
  test(
    'answer one JSON line each, 0 when done, 1 with a code when refused, 2 for wrong usage',
    inPlace(async (place) => {
      await goOn(place);
      const { folder, root } = place;
      const file = join(root, 'by-command');
      const made = run('backup', '--state', folder, '--out', file, '--json');
      assert.deepEqual([made.status, JSON.parse(made.last)['backedUp'], existsSync(file)], [0, true, true]);
      const refusedRestore = run('restore', '--in', place.file, '--state', folder, '--json');
      assert.deepEqual([refusedRestore.status, JSON.parse(refusedRestore.last)['code']], [1, 'state-rollback']);
      const done = run('restore', '--in', place.file, '--state', folder, '--accept-rollback', '--json');
      const summary = JSON.parse(done.last) as RestoreSummary & { restored: boolean };
      assert.deepEqual([done.status, summary.restored, summary.rollback?.kind], [0, true, 'older']);
      assert.equal(run('backup', '--state', folder).status, 2);
      assert.equal(run('restore', '--state', folder).status, 2);
      const missing = run('backup', '--state', join(root, 'nothing'), '--out', file, '--json');
      assert.deepEqual([missing.status, JSON.parse(missing.last)['code']], [1, 'state-missing']);
    }),
  );
});
