/** May this be collected here, now? The one decision that SDK, gateway and reports share. */
import type { EpochMs } from '@hauberk/primitives';
import type { ClauseId } from './clauses.ts';
import type { ConsentEvent, ConsentPurpose } from './consent-event.ts';
import { dataItems } from './data-items.ts';
import { type PurposeId, type Scene, scenes } from './scenes.ts';

/** What one person last decided about one purpose. */
export interface Standing {
  readonly state: ConsentEvent['state'];
  readonly grant: ConsentPurpose;
  readonly noticeHash: string;
  readonly expiresAt: EpochMs | null;
}

/** What one person last decided, by purpose. */
export type Consent = ReadonlyMap<PurposeId, Standing>;

/** Folds the events of one person, oldest first. The last word on a purpose counts. */
export const consentOf = (events: readonly ConsentEvent[], principal: string): Consent => {
  const standings = new Map<PurposeId, Standing>();
  for (const event of events) {
    if (event.principal !== principal) continue;
    const { state, expiresAt } = event;
    for (const grant of event.purposes)
      standings.set(grant.purpose, { state, grant, noticeHash: event.notice.hash, expiresAt });
  }
  return standings;
};

/** Why collection is allowed, or not. */
export type CollectReason =
  | 'necessary'
  | 'granted'
  | 'unknown-item'
  | 'unknown-scene'
  | 'beyond-scene'
  | 'before-consent'
  | 'refused'
  | 'withdrawn'
  | 'expired'
  | 'notice-changed'
  | 'not-granted'
  | 'not-explicit';

/** The clauses that each refusal is evidence for. */
export const collectClauses: Readonly<Record<Exclude<CollectReason, 'necessary' | 'granted'>, readonly ClauseId[]>> = {
  'unknown-item': ['gbt-35273:5.5', 'gdpr:13'],
  'unknown-scene': ['pipl:6', 'gdpr:13'],
  'beyond-scene': ['order-191:4.1', 'gbt-41391:6.1', 'gdpr:5(1)(c)'],
  'before-consent': ['order-191:3.1', 'miit-164:1.1', 'pipl:13', 'gdpr:6'],
  refused: ['order-191:3.2', 'pipl:16'],
  withdrawn: ['pipl:15', 'gdpr:7(3)'],
  expired: ['pipl:14', 'gdpr:6'],
  'notice-changed': ['pipl:14', 'pipl:17'],
  'not-granted': ['order-191:3.3', 'gdpr:5(1)(c)'],
  'not-explicit': ['pipl:29', 'gdpr:9'],
};

/** An answer with its reason. */
export interface CollectDecision {
  readonly isAllowed: boolean;
  readonly reason: CollectReason;
  readonly clauses: readonly ClauseId[];
}

/** What the decision needs beside the consent. */
export interface CollectContext {
  readonly now: EpochMs;
  /** Hash of the notice in force; a consent to another one must be given anew. Undefined: any notice counts. */
  readonly noticeHash?: string;
  /** The deployment's scenes; ours when absent. */
  readonly scenes?: Readonly<Record<string, Scene>>;
}

/** The port: who asks gets a decision, and does not see how consent is kept. */
export type MayCollect = (item: string, scene: string) => CollectDecision;

const standingReason = (item: string, standing: Standing | undefined, context: CollectContext): CollectReason => {
  if (standing === undefined) return 'before-consent';
  if (standing.state !== 'given') return standing.state;
  if (standing.expiresAt !== null && context.now >= standing.expiresAt) return 'expired';
  if (context.noticeHash !== undefined && context.noticeHash !== standing.noticeHash) return 'notice-changed';
  if (!standing.grant.items.some((granted) => granted === item)) return 'not-granted';
  const isSpecial = (dataItems.get(item)?.special.length ?? 0) > 0;
  return isSpecial && standing.grant.method !== 'explicit' ? 'not-explicit' : 'granted';
};

const reasonOf = (item: string, sceneId: string, consent: Consent, context: CollectContext): CollectReason => {
  const table: Readonly<Record<string, Scene>> = context.scenes ?? scenes;
  const scene = Object.hasOwn(table, sceneId) ? table[sceneId] : undefined;
  if (!dataItems.has(item)) return 'unknown-item';
  if (scene === undefined) return 'unknown-scene';
  if (!scene.allows.some((allowed) => allowed === item)) return 'beyond-scene';
  return scene.isNecessary ? 'necessary' : standingReason(item, consent.get(scene.purpose), context);
};

/** Decides. Unknown items and scenes are refused: what nobody declared, nobody consented to. */
export const mayCollect = (item: string, scene: string, consent: Consent, context: CollectContext): CollectDecision => {
  const reason = reasonOf(item, scene, consent, context);
  return reason === 'necessary' || reason === 'granted'
    ? { isAllowed: true, reason, clauses: [] }
    : { isAllowed: false, reason, clauses: collectClauses[reason] };
};
