/**
 * What a restore keeps of the state that it replaces. An older record must not give back what was taken away since: revoked devices stay
 * revoked, used keys used, versions never fall, and what consumers have read is not read twice.
 */
import type { DatabaseSync } from 'node:sqlite';

/** How much was kept of the replaced record. */
export interface KeptRows {
  readonly revocations: number;
  readonly idempotency: number;
  readonly configs: number;
}

const sameDevice = 'd.organisation = p.organisation and d.app = p.app and d.id = p.id';

/** A later change of a device counts; a device that the backup does not know is kept when it lost its rights. */
const devices = `
  update main.devices as d set
    state = p.state, tier = p.tier, generation = p.generation,
    verdict_reference = p.verdict_reference, changed_at_ms = p.changed_at_ms
  from present.devices as p
  where ${sameDevice} and p.generation > d.generation;
  insert into main.devices select p.* from present.devices as p
  where p.state not in ('enrolled', 'trusted') and not exists (select 1 from main.devices as d where ${sameDevice});
  insert or ignore into main.device_keys select k.* from present.device_keys as k
  where exists (select 1 from main.devices as d
    where d.organisation = k.organisation and d.app = k.app and d.id = k.device);
  update main.device_keys as k set purpose = 'retired' from present.device_keys as p
  where p.organisation = k.organisation and p.app = k.app and p.thumbprint = k.thumbprint and p.purpose = 'retired';
`;

const ofKeptDevice = `exists (select 1 from main.devices as d
    where d.organisation = p.organisation and d.app = p.app and d.id = p.device)`;

/** Counters never fall and demands are not forgotten: what the present record knows of a device is later than any backup. */
const attestations = `
  insert or replace into main.device_attestations select p.* from present.device_attestations as p
  where ${ofKeptDevice} and not exists (select 1 from main.device_attestations as m
    where m.organisation = p.organisation and m.app = p.app and m.device = p.device
      and m.attested_at_ms > p.attested_at_ms);
  insert into main.device_history (organisation, app, device, kind, actor, reason, facts, at_ms)
  select p.organisation, p.app, p.device, p.kind, p.actor, p.reason, p.facts, p.at_ms from present.device_history as p
  where ${ofKeptDevice} and not exists (select 1 from main.device_history as m
    where m.organisation = p.organisation and m.app = p.app and m.device = p.device
      and m.kind = p.kind and m.at_ms = p.at_ms and m.reason = p.reason)
  order by p.position;
`;

// A key that was replaced since stays replaced.
const trustedKeys = `
  insert or ignore into main.trusted_keys select p.* from present.trusted_keys as p where ${ofKeptDevice};
  update main.trusted_keys as k set ended_at_ms = p.ended_at_ms from present.trusted_keys as p
  where p.organisation = k.organisation and p.app = k.app and p.thumbprint = k.thumbprint and p.ended_at_ms is not null;
`;

// A fork would use positions twice: the merged log goes on after the longer of both.
const revocations = `
  insert into main.revocations (organisation, app, device, generation, state, tier, reason, at_ms)
  select p.organisation, p.app, p.device, p.generation, p.state, p.tier, p.reason, p.at_ms
  from present.revocations as p
  where not exists (select 1 from main.revocations as r
    where r.organisation = p.organisation and r.app = p.app and r.device = p.device and r.generation = p.generation)
  order by p.position;
`;

const continuePositions = `
  delete from main.sqlite_sequence where name = 'revocations';
  insert into main.sqlite_sequence (name, seq) select 'revocations', max(
    (select coalesce(max(position), 0) from main.revocations),
    (select coalesce(max(position), 0) from present.revocations));
`;

const idempotency = `
  insert or replace into main.idempotency select p.* from present.idempotency as p
  where not exists (select 1 from main.idempotency as i
    where i.organisation = p.organisation and i.app = p.app and i.entry = p.entry
      and (i.started_at_ms > p.started_at_ms or (i.started_at_ms = p.started_at_ms and i.state = 'done')));
`;

const configs = 'insert or ignore into main.config_versions select p.* from present.config_versions as p';

const versions = `
  insert into main.resume_generations select p.* from present.resume_generations as p where true
  on conflict (organisation, app) do update set generation = max(generation, excluded.generation);
  insert or ignore into main.spent_challenges select p.* from present.spent_challenges as p;
`;

// A token that was taken back stays taken back; one that was issued since is kept. Proposals are kept as far as they had come.
const administration = `
  insert or ignore into main.admin_tokens select p.* from present.admin_tokens as p;
  update main.admin_tokens as t set revoked_at_ms = p.revoked_at_ms
  from present.admin_tokens as p
  where p.id = t.id and t.revoked_at_ms is null and p.revoked_at_ms is not null;
  insert or replace into main.approvals select p.* from present.approvals as p
  where not exists (select 1 from main.approvals as a
    where a.organisation = p.organisation and a.app = p.app and a.id = p.id and a.version >= p.version);
`;

// Whatever binding counted, ended or used up since the backup was made stays so.
const bindings = 'insert or replace into main.binding_rows select p.* from present.binding_rows as p';

// Versions never fall: what was published since stays published, and rollouts are kept as far as they had come.
const directives = `
  insert or ignore into main.directives select p.* from present.directives as p;
  insert or replace into main.rollouts select p.* from present.rollouts as p
  where not exists (select 1 from main.rollouts as r
    where r.organisation = p.organisation and r.app = p.app and r.id = p.id and r.row >= p.row);
`;

// What was delivered since is delivered; positions go on after the longer of both.
const sms = `
  delete from main.sms_inbox;
  insert into main.sms_inbox select p.* from present.sms_inbox as p;
`;

// What the present record knows of people is later than any backup: whom it erased stays erased. It goes with the outbox, whose reader it is.
const privacy = `
  delete from main.privacy_rows;
  insert into main.privacy_rows select p.* from present.privacy_rows as p;
`;

/** Where the backup is ahead of the present record, its rows stay, but for the mappings that the present one has erased. */
const erasures = `
  insert or ignore into main.privacy_rows select p.* from present.privacy_rows as p where p.kind = 'erasure';
  delete from main.privacy_rows as m where m.kind in ('alias', 'watch') and exists (select 1 from main.privacy_rows as e
    where e.kind = 'erasure' and e.organisation = m.organisation and e.app = m.app and e.id = m.id);
  delete from main.privacy_rows as m where m.kind = 'subject' and exists (select 1 from main.privacy_rows as e
    where e.kind = 'erasure' and e.organisation = m.organisation and e.app = m.app
      and e.id = json_extract(m.value, '$.subject'));
`;

// What people decide by is what they decided last; the index goes with the outbox, whose reader it is.
const decisionRows =
  'delete from main.decision_rows; insert into main.decision_rows select p.* from present.decision_rows as p;';
// Who was taken for whom, merged and split is later than any backup.
const identityRows =
  'delete from main.identity_rows; insert into main.identity_rows select p.* from present.identity_rows as p;';
const decisionIndex = ['decisions', 'decision_marks']
  .map((table) => `delete from main.${table}; insert into main.${table} select p.* from present.${table} as p;`)
  .join('\n');

const outbox = ['outbox_events', 'outbox_segments', 'outbox_consumers', 'outbox_marks']
  .map((table) => `delete from main.${table}; insert into main.${table} select p.* from present.${table} as p;`)
  .join('\n');

const headSql = (schema: string): string =>
  `(select coalesce(max(first_position + events), 0) from ${schema}.outbox_segments)`;

/** Merges the record attached as `present` into a restored one; runs inside the caller's transaction. */
export const mergePresent = (database: DatabaseSync): KeptRows => {
  database.exec(devices);
  database.exec(attestations);
  database.exec(trustedKeys);
  // Before the rows are added: they must take positions that no follower has seen.
  database.exec(continuePositions);
  const kept = {
    revocations: Number(database.prepare(revocations).run().changes),
    idempotency: Number(database.prepare(idempotency).run().changes),
    configs: Number(database.prepare(configs).run().changes),
  };
  database.exec(versions);
  database.exec(administration);
  database.exec(bindings);
  database.exec(directives);
  database.exec(sms);
  const ahead = database.prepare(`select ${headSql('present')} >= ${headSql('main')} as ahead`).get();
  const isAhead = ahead?.['ahead'] === 1;
  database.exec(decisionRows);
  database.exec(identityRows);
  if (isAhead) database.exec(outbox);
  if (isAhead) database.exec(decisionIndex);
  database.exec(isAhead ? privacy : erasures);
  return kept;
};

/**
 * What every restore does, with or without a present record: everybody logs in anew, nothing half done is taken for running, and what was
 * proposed or approved before is proposed anew.
 */
export const voidRestored = (database: DatabaseSync, nowMs: number): void => {
  database.prepare('update logins set ended_at_ms = ? where ended_at_ms is null').run(nowMs);
  database.exec("update idempotency set state = 'unknown' where state = 'started'");
  database.prepare('update startup_secrets set used_at_ms = ? where used_at_ms is null').run(nowMs);
  database
    .prepare(
      `update approvals set state = 'withdrawn', version = version + 1, changed_at_ms = ?
       where state in ('pending', 'approved', 'executing')`,
    )
    .run(nowMs);
};
