import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openResumeTicket, type ResumeState, sealResumeTicket, type TicketKeyRing } from '@hauberk/channel';
import { nodeCrypto } from '@hauberk/crypto/node';
import { epochMs } from '@hauberk/primitives';
import { codeOf, valueOf } from './fixture/client.ts';
import { flipByte } from './fixture/documents.ts';
import { birth } from './fixture/world.ts';

const key = (id: number) => ({ id, key: nodeCrypto.importAead(nodeCrypto.random(32)) });
const [first, second] = [key(1), key(2)];
const ring: TicketKeyRing = { current: first, alsoOpens: [] };
const state: ResumeState = {
  organisation: 'bank',
  app: 'mobile',
  service: 'retail',
  deviceId: nodeCrypto.random(16).slice(),
  tier: 1,
  verdictReference: '',
  deviceGeneration: 4,
  node: 3,
  expiresAtMs: epochMs(birth + 1000),
};
const ticket = sealResumeTicket(nodeCrypto, ring, state);

describe('resume ticket', () => {
  it('says what was sealed, on every node that has the key, also after the key rotated', () => {
    assert.deepEqual(valueOf(openResumeTicket(nodeCrypto, ring, ticket, birth)), state);
    const rotated = { current: second, alsoOpens: [first] };
    assert.deepEqual(valueOf(openResumeTicket(nodeCrypto, rotated, ticket, birth)), state);
  });

  it('resume.expired: past its time, or its key is gone', () => {
    assert.equal(codeOf(openResumeTicket(nodeCrypto, ring, ticket, state.expiresAtMs)), 'resume.expired');
    const gone = { current: second, alsoOpens: [] };
    assert.equal(codeOf(openResumeTicket(nodeCrypto, gone, ticket, birth)), 'resume.expired');
  });

  it('resume.malformed: another byte anywhere but in the key id, another key of that id, no ticket at all', () => {
    for (let index = 4; index < 60; index += 1)
      assert.equal(codeOf(openResumeTicket(nodeCrypto, ring, flipByte(ticket, index), birth)), 'resume.malformed');
    const impostor = { current: key(1), alsoOpens: [] };
    assert.equal(codeOf(openResumeTicket(nodeCrypto, impostor, ticket, birth)), 'resume.malformed');
    for (const text of ['', '!', 'AAAA', 'A'.repeat(3000)])
      assert.equal(codeOf(openResumeTicket(nodeCrypto, ring, text, birth)), 'resume.malformed');
  });

  it('the key id is covered: a ticket does not open under another id of the same key', () => {
    const renamed = { current: { id: 3, key: first.key }, alsoOpens: [] };
    assert.equal(codeOf(openResumeTicket(nodeCrypto, renamed, flipByte(ticket, 3, 2), birth)), 'resume.malformed');
  });
});
