/** Generated from docs/openapi.json by scripts/admin-client.ts. Do not edit. */

/** An answer that refuses nothing. */
export interface Answered<Value> {
  readonly status: number;
  /** Entity tag, for `ifMatch`. */
  readonly version: string | undefined;
  readonly value: Value;
}

/** What is needed to send a call. */
export interface CallShape {
  readonly method: string;
  readonly path: string;
  readonly query: readonly string[];
  readonly hasBody: boolean;
  readonly hasVersion: boolean;
}

/** See docs/openapi.json, Alert. */
export type Alert = {
  readonly id: string; readonly rule: string; readonly name: string; readonly severity: 'low' | 'medium' | 'high'; readonly entity: string; readonly state: 'open' | 'acknowledged' | 'closed'; readonly count: number; readonly firstAtMs: number; readonly lastAtMs: number; readonly decisions: readonly (string)[]; readonly answered: string | null; readonly changedBy: string; readonly note: string | null;
};

/** See docs/openapi.json, AlertRule. */
export type AlertRule = {
  readonly id: string; readonly hash: string; readonly name: string; readonly severity: 'low' | 'medium' | 'high'; readonly scene: string | null; readonly decisionReason: string | null; readonly outcome: string | null; readonly group: string | null; readonly threshold: number; readonly windowMinutes: number; readonly expiresAtMs: number; readonly response: { readonly action: 'list' | 'case' | 'suspend'; readonly list?: string | undefined; readonly days?: number | undefined; readonly perDay: number } | null; readonly reason: string; readonly approvedBy: string; readonly state: 'active' | 'ended'; readonly answers: number;
};

/** See docs/openapi.json, AlertRuleContent. */
export type AlertRuleContent = {
  readonly name: string; readonly severity: 'low' | 'medium' | 'high'; readonly scene: string | null; readonly decisionReason: string | null; readonly outcome: 'allow' | 'observe' | 'slow' | 'challenge' | 'deny' | 'trap' | null; readonly group: string | null; readonly threshold: number; readonly windowMinutes: number; readonly expiresAtMs: number; readonly response: { readonly action: 'list'; readonly list: string; readonly days: number; readonly perDay: number } | { readonly action: 'case'; readonly perDay: number } | { readonly action: 'suspend'; readonly days: number; readonly perDay: number } | null; readonly reason: string;
};

/** See docs/openapi.json, AlertRuleEnd. */
export type AlertRuleEnd = {
  readonly rule: string; readonly reason: string;
};

/** See docs/openapi.json, AlertRules. */
export type AlertRules = {
  readonly items: readonly (AlertRule)[];
};

/** See docs/openapi.json, AlertStep. */
export type AlertStep = {
  readonly action: 'acknowledge' | 'close'; readonly note: string;
};

/** See docs/openapi.json, Alerts. */
export type Alerts = {
  readonly items: readonly (Alert)[];
};

/** See docs/openapi.json, Approval. */
export type Approval = {
  readonly id: string; readonly app: string; readonly version: number; readonly state: 'pending' | 'approved' | 'executing' | 'executed' | 'failed' | 'rejected' | 'withdrawn' | 'expired'; readonly change: ProposedChange; readonly changeHash: string; readonly proposer: { readonly subject: string; readonly token: string }; readonly createdAtMs: number; readonly changedAtMs: number; readonly expiresAtMs: number; readonly decision: { readonly subject: string; readonly token: string; readonly atMs: number; readonly note: string } | null; readonly outcome: DeviceChangesOutcome | null;
};

/** See docs/openapi.json, ApprovalPage. */
export type ApprovalPage = {
  readonly items: readonly (Approval)[]; readonly next: string | null;
};

/** See docs/openapi.json, Approve. */
export type Approve = {
  readonly changeHash: string; readonly note?: string | undefined;
};

/** See docs/openapi.json, AuditEntry. */
export type AuditEntry = {
  readonly sequence: number; readonly atMs: number; readonly actor: string; readonly action: string; readonly subject: string; readonly facts: Readonly<Record<string, unknown>>; readonly hash: string;
};

/** See docs/openapi.json, AuditPage. */
export type AuditPage = {
  readonly items: readonly (AuditEntry)[]; readonly next: string | null;
};

/** See docs/openapi.json, Binding. */
export type Binding = {
  readonly attempt: string; readonly profile: string; readonly device: string; readonly numberHash: string; readonly boundAtMs: number; readonly usedAtMs: number; readonly end: { readonly why: string; readonly atMs: number } | null;
};

/** See docs/openapi.json, BindingAttempt. */
export type BindingAttempt = {
  readonly attempt: string; readonly state: 'idle' | 'issued' | 'seen' | 'proven' | 'bound' | 'declined' | 'expired' | 'blocked'; readonly open: boolean; readonly code: string | null; readonly rule: 'B01' | 'B02' | 'B03' | 'B04' | 'B05' | 'B06' | 'B07' | 'B08' | 'B09' | 'B10' | 'B11' | 'B12' | 'B13' | 'B14' | 'B15' | 'B16' | 'B17' | 'B18' | 'B19' | 'B20' | 'B21' | 'B22' | 'B23' | 'B24' | 'B25' | 'B26' | null; readonly words: string | null; readonly platform: 'android' | 'ios'; readonly way: 'sms' | 'number' | 'bound-device' | 'passkey'; readonly profile: string; readonly device: string; readonly numberHash: string; readonly vmn: string | null; readonly startedAtMs: number; readonly changedAtMs: number; readonly key: string; readonly fingerprint: string; readonly steps: readonly ({ readonly atMs: number; readonly event: string; readonly from: 'idle' | 'issued' | 'seen' | 'proven' | 'bound' | 'declined' | 'expired' | 'blocked'; readonly to: 'idle' | 'issued' | 'seen' | 'proven' | 'bound' | 'declined' | 'expired' | 'blocked'; readonly code: string | null; readonly rule: 'B01' | 'B02' | 'B03' | 'B04' | 'B05' | 'B06' | 'B07' | 'B08' | 'B09' | 'B10' | 'B11' | 'B12' | 'B13' | 'B14' | 'B15' | 'B16' | 'B17' | 'B18' | 'B19' | 'B20' | 'B21' | 'B22' | 'B23' | 'B24' | 'B25' | 'B26' | null; readonly note: string })[]; readonly rules: readonly ({ readonly rule: 'B01' | 'B02' | 'B03' | 'B04' | 'B05' | 'B06' | 'B07' | 'B08' | 'B09' | 'B10' | 'B11' | 'B12' | 'B13' | 'B14' | 'B15' | 'B16' | 'B17' | 'B18' | 'B19' | 'B20' | 'B21' | 'B22' | 'B23' | 'B24' | 'B25' | 'B26'; readonly words: string; readonly source: string; readonly decidedBy: 'server' | 'attested-client' | 'both'; readonly verdict: 'pass' | 'fail' | 'not-judged'; readonly why: string | null; readonly code: string | null; readonly atMs: number | null })[]; readonly details: { readonly link: string | null; readonly smsAtMs: number | null; readonly proofs: readonly (string)[]; readonly sentItem: 'unasked' | 'delivered' | 'sent' | 'absent'; readonly polls: number; readonly codeSent: boolean } | null;
};

/** See docs/openapi.json, BindingAttemptLine. */
export type BindingAttemptLine = {
  readonly attempt: string; readonly state: 'idle' | 'issued' | 'seen' | 'proven' | 'bound' | 'declined' | 'expired' | 'blocked'; readonly open: boolean; readonly code: string | null; readonly rule: 'B01' | 'B02' | 'B03' | 'B04' | 'B05' | 'B06' | 'B07' | 'B08' | 'B09' | 'B10' | 'B11' | 'B12' | 'B13' | 'B14' | 'B15' | 'B16' | 'B17' | 'B18' | 'B19' | 'B20' | 'B21' | 'B22' | 'B23' | 'B24' | 'B25' | 'B26' | null; readonly words: string | null; readonly platform: 'android' | 'ios'; readonly way: 'sms' | 'number' | 'bound-device' | 'passkey'; readonly profile: string; readonly device: string; readonly numberHash: string; readonly vmn: string | null; readonly startedAtMs: number; readonly changedAtMs: number;
};

/** See docs/openapi.json, BindingAttemptPage. */
export type BindingAttemptPage = {
  readonly items: readonly (BindingAttemptLine)[]; readonly next: string | null;
};

/** See docs/openapi.json, BindingBlock. */
export type BindingBlock = {
  readonly source: 'rule' | 'operator'; readonly subject: 'device' | 'key' | 'fingerprint' | 'profile' | 'number'; readonly value: string; readonly by: string; readonly reason: string; readonly atMs: number; readonly untilMs: number;
};

/** See docs/openapi.json, BindingBlockLift. */
export type BindingBlockLift = {
  readonly subject: 'device' | 'key' | 'fingerprint' | 'profile' | 'number'; readonly value: string; readonly reason: string;
};

/** See docs/openapi.json, BindingBlockPage. */
export type BindingBlockPage = {
  readonly items: readonly (BindingBlock)[]; readonly next: string | null;
};

/** See docs/openapi.json, BindingEndContent. */
export type BindingEndContent = {
  readonly attempt: string; readonly profile: string; readonly device: string; readonly boundAtMs: number; readonly reason: string;
};

/** See docs/openapi.json, BindingPage. */
export type BindingPage = {
  readonly items: readonly (Binding)[]; readonly next: string | null;
};

/** See docs/openapi.json, BlockLiftContent. */
export type BlockLiftContent = {
  readonly subject: 'device' | 'key' | 'fingerprint' | 'profile' | 'number'; readonly value: string; readonly atMs: number; readonly untilMs: number; readonly reason: string;
};

/** See docs/openapi.json, Case. */
export type Case = {
  readonly id: string; readonly title: string; readonly state: 'open' | 'closed'; readonly owner: string | null; readonly alert: string | null; readonly decisions: readonly (string)[]; readonly entities: readonly (string)[]; readonly notes: readonly ({ readonly by: string; readonly atMs: number; readonly text: string })[]; readonly outcome: 'fraud' | 'honest' | 'unclear' | null; readonly openedBy: string; readonly openedAtMs: number; readonly changedAtMs: number;
};

/** See docs/openapi.json, Cases. */
export type Cases = {
  readonly items: readonly (Case)[];
};

/** See docs/openapi.json, Cluster. */
export type Cluster = {
  readonly id: string; readonly grade: 'none' | 'watch' | 'grey' | 'black'; readonly score: number; readonly size: number; readonly kinds: number; readonly groups: readonly (string)[]; readonly sinceMs: number; readonly gradedAtMs: number | null;
};

/** See docs/openapi.json, ClusterDetail. */
export type ClusterDetail = {
  readonly id: string; readonly grade: 'none' | 'watch' | 'grey' | 'black'; readonly score: number; readonly size: number; readonly kinds: number; readonly groups: readonly (string)[]; readonly sinceMs: number; readonly gradedAtMs: number | null; readonly devices: readonly (string)[]; readonly shared: readonly ({ readonly kind: string; readonly group: string; readonly evidence: string; readonly members: number; readonly holders: number; readonly nats: number; readonly sinceMs: number })[]; readonly synchronous: number; readonly arrivedTogether: number; readonly oddHours: number; readonly risk: number; readonly labelled: number;
};

/** See docs/openapi.json, ClusterListed. */
export type ClusterListed = {
  readonly list: string; readonly change: string; readonly adds: number; readonly removes: number;
};

/** See docs/openapi.json, Clusters. */
export type Clusters = {
  readonly items: readonly (Cluster)[];
};

/** See docs/openapi.json, ConsentKeys. */
export type ConsentKeys = {
  readonly keys: readonly (string)[];
};

/** See docs/openapi.json, CustomerNumber. */
export type CustomerNumber = {
  readonly number: string | null; readonly numberHash: string | null;
};

/** See docs/openapi.json, Decision. */
export type Decision = {
  readonly id: string; readonly atMs: number; readonly scene: string; readonly outcome: 'allow' | 'observe' | 'slow' | 'challenge' | 'deny' | 'trap'; readonly points: number; readonly policy: string; readonly reasons: readonly (string)[]; readonly entities: readonly (string)[]; readonly label: { readonly fraud: boolean; readonly knownAtMs: number; readonly source: string } | null;
};

/** See docs/openapi.json, DecisionListEntries. */
export type DecisionListEntries = {
  readonly items: readonly ({ readonly member: string; readonly source: string; readonly reason: string; readonly expiresAtMs: number | null; readonly addedAtMs: number; readonly addedBy: string })[]; readonly next: string | null;
};

/** See docs/openapi.json, DecisionLists. */
export type DecisionLists = {
  readonly items: readonly ({ readonly name: string; readonly kind: string; readonly entries: number; readonly changedBy: string; readonly createdAtMs: number; readonly changedAtMs: number })[];
};

/** See docs/openapi.json, DecisionModel. */
export type DecisionModel = {
  readonly hash: string; readonly state: 'kept' | 'active'; readonly reason: string; readonly uploadedBy: string; readonly changedBy: string; readonly createdAtMs: number; readonly changedAtMs: number;
};

/** See docs/openapi.json, DecisionModelDetail. */
export type DecisionModelDetail = {
  readonly hash: string; readonly state: 'kept' | 'active'; readonly reason: string; readonly uploadedBy: string; readonly changedBy: string; readonly createdAtMs: number; readonly changedAtMs: number; readonly document: Readonly<Record<string, unknown>>;
};

/** See docs/openapi.json, DecisionModels. */
export type DecisionModels = {
  readonly items: readonly (DecisionModel)[];
};

/** See docs/openapi.json, DecisionPage. */
export type DecisionPage = {
  readonly items: readonly ({ readonly id: string; readonly atMs: number; readonly scene: string; readonly outcome: 'allow' | 'observe' | 'slow' | 'challenge' | 'deny' | 'trap'; readonly points: number; readonly policy: string; readonly reasons: readonly (string)[]; readonly entities: readonly (string)[] })[]; readonly next: string | null;
};

/** See docs/openapi.json, DecisionRecords. */
export type DecisionRecords = {
  readonly items: readonly ({ readonly position: number; readonly kind: 'record' | 'label'; readonly atMs: number; readonly payload: string })[]; readonly next: number | null;
};

/** See docs/openapi.json, DecisionText. */
export type DecisionText = {
  readonly kind: 'schema' | 'policy' | 'model' | 'run'; readonly hash: string; readonly document: string;
};

/** See docs/openapi.json, DecisionWhy. */
export type DecisionWhy = {
  readonly id: string; readonly atMs: number; readonly scene: { readonly code: string; readonly en: string; readonly zh: string }; readonly outcome: 'allow' | 'observe' | 'slow' | 'challenge' | 'deny' | 'trap'; readonly points: number; readonly obligations: readonly (Readonly<Record<string, unknown>>)[]; readonly isDuplicate: boolean; readonly policy: { readonly id: string; readonly hash: string; readonly version: number | null; readonly state: string | null; readonly isChallenger: boolean } | null; readonly label: { readonly fraud: boolean; readonly knownAtMs: number; readonly source: string } | null; readonly reasons: readonly ({ readonly code: string; readonly en: string; readonly zh: string })[]; readonly fired: readonly ({ readonly code: string; readonly en: string; readonly zh: string; readonly rule: string; readonly nearness: number; readonly conditions: readonly ({ readonly text: string; readonly value: 'true' | 'false' | 'missing'; readonly fields: Readonly<Record<string, unknown>>; readonly nearness: number | null })[] })[]; readonly notFired: readonly ({ readonly code: string; readonly en: string; readonly zh: string; readonly rule: string; readonly nearness: number; readonly conditions: readonly ({ readonly text: string; readonly value: 'true' | 'false' | 'missing'; readonly fields: Readonly<Record<string, unknown>>; readonly nearness: number | null })[] })[]; readonly model: { readonly hash: string; readonly score: number | null; readonly reasons: readonly ({ readonly code: string; readonly en: string; readonly zh: string })[] } | null; readonly cluster: Readonly<Record<string, unknown>> | null; readonly facts: Readonly<Record<string, Readonly<Record<string, unknown>>>>; readonly entities: readonly ({ readonly entity: string; readonly lists: readonly (string)[]; readonly decisions: readonly ({ readonly id: string; readonly atMs: number; readonly scene: string; readonly outcome: string })[]; readonly seenWith: readonly ({ readonly entity: string; readonly decisions: number })[] })[];
};

/** See docs/openapi.json, Device. */
export type Device = {
  readonly id: string; readonly app: string; readonly state: 'enrolled' | 'trusted' | 'suspended' | 'lost' | 'revoked'; readonly generation: number; readonly tier: number; readonly tierName: string; readonly platform: string; readonly evidence: string; readonly facts: string; readonly attestedAtMs: number; readonly reattest: string | null; readonly sharedIdentity: string | null; readonly last: string | null; readonly createdAtMs: number; readonly changedAtMs: number;
};

/** See docs/openapi.json, DeviceChangeContent. */
export type DeviceChangeContent = {
  readonly action: 'suspend' | 'unsuspend' | 'revoke' | 'lost' | 're-attest'; readonly reason: string; readonly devices: readonly ({ readonly id: string; readonly generation: number })[];
};

/** See docs/openapi.json, DeviceChangesOutcome. */
export type DeviceChangesOutcome = {
  readonly results: readonly ({ readonly id: string; readonly code: string | null; readonly state: string | null; readonly generation: number | null })[];
};

/** See docs/openapi.json, DeviceDetail. */
export type DeviceDetail = {
  readonly id: string; readonly app: string; readonly state: 'enrolled' | 'trusted' | 'suspended' | 'lost' | 'revoked'; readonly generation: number; readonly tier: number; readonly tierName: string; readonly platform: string; readonly evidence: string; readonly facts: string; readonly attestedAtMs: number; readonly reattest: string | null; readonly sharedIdentity: string | null; readonly last: string | null; readonly createdAtMs: number; readonly changedAtMs: number; readonly verdictReference: string; readonly attested: Readonly<Record<string, string | number | boolean>>; readonly counter: number | null; readonly sharedRoute: string | null; readonly keys: readonly ({ readonly thumbprint: string; readonly purpose: string; readonly createdAtMs: number })[]; readonly trustedKeys: readonly ({ readonly thumbprint: string; readonly purpose: string; readonly level: string; readonly userBinding: string; readonly createdAtMs: number; readonly endedAtMs: number | null })[]; readonly history: readonly ({ readonly kind: string; readonly atMs: number; readonly actor: string; readonly reason: string; readonly facts: string | null })[]; readonly evidenceBase64: string | null;
};

/** See docs/openapi.json, DevicePage. */
export type DevicePage = {
  readonly items: readonly (Device)[]; readonly next: string | null;
};

/** Signals of a device that count now, and what they come to. */
export type DeviceSignals = {
  readonly score: number | null; readonly band: 'unknown' | 'clean' | 'good' | 'fair' | 'poor' | 'bad'; readonly reportedAtMs: number | null; readonly signals: readonly ({ readonly code: string; readonly value: boolean | number; readonly source: 'web' | 'native' | 'server' | 'tee'; readonly ageMs: number; readonly untilMs: number })[]; readonly parts: readonly ({ readonly code: string; readonly provenance: 'web' | 'native' | 'server' | 'tee'; readonly points: number })[];
};

/** Traps that a device touched, while it counts. */
export type DeviceTrap = {
  readonly kinds: readonly ('decoy' | 'honey' | 'canary' | 'trap')[]; readonly sinceMs: number | null;
};

/** See docs/openapi.json, DeviceVerdict. */
export type DeviceVerdict = {
  readonly token: string;
};

/** See docs/openapi.json, DirectiveApprovalContent. */
export type DirectiveApprovalContent = {
  readonly directive: string; readonly row: number; readonly plan: Readonly<Record<string, unknown>>;
};

/** See docs/openapi.json, DirectiveEnd. */
export type DirectiveEnd = {
  readonly reason: string;
};

/** See docs/openapi.json, DirectiveKill. */
export type DirectiveKill = {
  readonly kinds: readonly (string)[]; readonly lifeHours?: number | undefined; readonly reason: string;
};

/** See docs/openapi.json, DirectivePage. */
export type DirectivePage = {
  readonly items: readonly (DirectiveRollout)[]; readonly next: string | null;
};

/** See docs/openapi.json, DirectiveRollout. */
export type DirectiveRollout = {
  readonly id: string; readonly app: string; readonly state: 'drafted' | 'approved' | 'staged' | 'complete' | 'halted' | 'reverted' | 'expired'; readonly plan: { readonly kind: string; readonly kindVersion: number; readonly service: string | null; readonly body: Readonly<Record<string, unknown>>; readonly audience: { readonly versions: readonly ({ readonly from: string | null; readonly below: string | null })[]; readonly cohorts: readonly (string)[] }; readonly stages: readonly (number)[]; readonly guard: { readonly falseHaltPerMille: number; readonly crashesPerMillion: number | null; readonly errorsPerMillion: number | null } | null; readonly lifeMs: number; readonly reason: string }; readonly perMille: number; readonly nextPerMille: number | null; readonly stages: readonly ({ readonly perMille: number; readonly version: number; readonly revision: number; readonly atMs: number })[]; readonly guard: { readonly staged: { readonly sessions: number; readonly crashed: number; readonly failed: number }; readonly control: { readonly sessions: number; readonly crashed: number; readonly failed: number }; readonly crash: number; readonly error: number; readonly haltsAt: number; readonly halted: 'crash' | 'error' | null } | null; readonly draftedBy: string; readonly approvedBy: string | null; readonly createdAtMs: number; readonly changedAtMs: number; readonly expiresAtMs: number; readonly end: string | null;
};

/** Rights on an app. */
export type Grant = {
  readonly app: string; readonly role: string;
};

/** See docs/openapi.json, Identity. */
export type Identity = {
  readonly id: string; readonly createdAtMs: number; readonly lastSeenMs: number; readonly collision: 'distinct' | 'similar' | 'uniform'; readonly mergedInto: string | null; readonly aliases: readonly ({ readonly source: string; readonly digest: string; readonly isShared: boolean; readonly holds: readonly ({ readonly identity: string; readonly fromMs: number; readonly lastMs: number; readonly untilMs: number | null; readonly seen: number; readonly by: 'key' | 'token' | 'alias' | 'link' | 'new' | 'operator' })[] })[]; readonly twins: readonly ({ readonly identity: string; readonly bits: number; readonly atMs: number })[]; readonly events: readonly (IdentityEvent)[];
};

/** See docs/openapi.json, IdentityEvent. */
export type IdentityEvent = {
  readonly id: string; readonly kind: 'merge' | 'split' | 'undo'; readonly kept: string; readonly other: string; readonly aliases: readonly (string)[]; readonly actor: string; readonly reason: string; readonly atMs: number; readonly undoes: string | null; readonly undoneBy: string | null;
};

/** See docs/openapi.json, IntelligenceStatus. */
export type IntelligenceStatus = {
  readonly indicators: number; readonly full: number; readonly taken: Readonly<Record<string, number>>; readonly collections: readonly ({ readonly id: string; readonly title: string; readonly alias: string | null; readonly applies: boolean })[]; readonly sources: readonly ({ readonly name: string; readonly polls: number; readonly objects: number; readonly refused: number; readonly state: string; readonly lastAtMs: number | null })[]; readonly taxii: string | null;
};

/** See docs/openapi.json, IssuedToken. */
export type IssuedToken = {
  readonly id: string; readonly prefix: string; readonly subject: string; readonly label: string; readonly grants: readonly (Grant)[]; readonly state: 'live' | 'expired' | 'revoked'; readonly createdBy: string; readonly createdAtMs: number; readonly expiresAtMs: number; readonly lastUsedAtMs: number | null; readonly revokedAtMs: number | null; readonly secret: string;
};

/** See docs/openapi.json, ListChangeContent. */
export type ListChangeContent = {
  readonly list: string; readonly change: string; readonly adds: number; readonly removes: number; readonly reason: string;
};

/** See docs/openapi.json, ListChanged. */
export type ListChanged = {
  readonly list: string; readonly change: string; readonly adds: number; readonly removes: number;
};

/** See docs/openapi.json, Login. */
export type Login = {
  readonly secret: string; readonly subject?: string | undefined;
};

/** See docs/openapi.json, ModelActivation. */
export type ModelActivation = {
  readonly model: string; readonly reason: string;
};

/** See docs/openapi.json, ModelContent. */
export type ModelContent = {
  readonly model: string; readonly reason: string;
};

/** See docs/openapi.json, ModelDone. */
export type ModelDone = {
  readonly model: string;
};

/** See docs/openapi.json, ModelDrop. */
export type ModelDrop = {
  readonly model: string; readonly reason: string;
};

/** See docs/openapi.json, NewBindingBlock. */
export type NewBindingBlock = {
  readonly subject: 'device' | 'key' | 'fingerprint' | 'profile' | 'number'; readonly value: string; readonly reason: string; readonly hours: number;
};

/** See docs/openapi.json, NewBindingEnd. */
export type NewBindingEnd = {
  readonly profile: string; readonly attempt: string; readonly reason: string;
};

/** See docs/openapi.json, NewCase. */
export type NewCase = {
  readonly title: string; readonly decisions?: readonly (string)[] | undefined; readonly alert?: string | undefined;
};

/** See docs/openapi.json, NewCaseStep. */
export type NewCaseStep = {
  readonly action: 'assign' | 'note' | 'close' | 'reopen'; readonly owner?: string | undefined; readonly text?: string | undefined; readonly outcome?: 'fraud' | 'honest' | 'unclear' | undefined;
};

/** See docs/openapi.json, NewClusterList. */
export type NewClusterList = {
  readonly list: string; readonly days: number; readonly reason: string;
};

/** See docs/openapi.json, NewDecisionModel. */
export type NewDecisionModel = {
  readonly document: Readonly<Record<string, unknown>>; readonly reason: string;
};

/** See docs/openapi.json, NewDeviceChange. */
export type NewDeviceChange = {
  readonly action: 'suspend' | 'unsuspend' | 'revoke' | 'lost' | 're-attest'; readonly reason: string;
};

/** See docs/openapi.json, NewDeviceChanges. */
export type NewDeviceChanges = {
  readonly action: 'suspend' | 'unsuspend' | 'revoke' | 'lost' | 're-attest'; readonly reason: string; readonly devices: readonly (string)[];
};

/** docs/rollout.md */
export type NewDirective = {
  readonly kind: 'privacy.stop' | 'kill'; readonly service?: string | null | undefined; readonly body: Readonly<Record<string, unknown>>; readonly audience?: { readonly versions?: readonly ({ readonly from: string | null; readonly below: string | null })[] | undefined; readonly cohorts?: readonly (string)[] | undefined } | undefined; readonly stages?: readonly (number)[] | undefined; readonly guard?: { readonly falseHaltPerMille?: number | undefined; readonly crashesPerMillion?: number | null | undefined; readonly errorsPerMillion?: number | null | undefined } | null | undefined; readonly lifeHours?: number | undefined; readonly reason: string;
};

/** See docs/openapi.json, NewIdentityChange. */
export type NewIdentityChange = {
  readonly action: 'merge'; readonly other: string; readonly reason: string } | { readonly action: 'split'; readonly aliases: readonly ({ readonly source: string; readonly digest: string })[]; readonly reason: string } | { readonly action: 'undo'; readonly event: string; readonly reason: string;
};

/** See docs/openapi.json, NewIntelligence. */
export type NewIntelligence = {
  readonly objects: readonly (unknown)[];
};

/** See docs/openapi.json, NewListChange. */
export type NewListChange = {
  readonly kind: string; readonly add?: readonly ({ readonly id?: string | undefined; readonly member?: string | undefined; readonly source: string; readonly reason: string; readonly expiresAtMs?: number | null | undefined })[] | undefined; readonly remove?: readonly ({ readonly id?: string | undefined; readonly member?: string | undefined })[] | undefined; readonly reason: string;
};

/** See docs/openapi.json, NewPolicy. */
export type NewPolicy = {
  readonly document: Readonly<Record<string, unknown>>; readonly reason: string;
};

/** See docs/openapi.json, NewPolicyStep. */
export type NewPolicyStep = {
  readonly action: 'shadow' | 'challenge' | 'live' | 'rollback' | 'retire'; readonly hash: string; readonly perMille?: number | undefined; readonly reason: string;
};

/** See docs/openapi.json, NewShare. */
export type NewShare = {
  readonly partner: string; readonly cluster: string; readonly entities: readonly ({ readonly kind: 'device' | 'account' | 'payee' | 'phone' | 'card'; readonly id: string })[]; readonly confidence?: number | undefined; readonly days?: number | undefined; readonly tlp?: 'white' | 'green' | 'amber' | 'red' | undefined; readonly revoked?: boolean | undefined;
};

/** See docs/openapi.json, NewSight. */
export type NewSight = {
  readonly device?: string | undefined; readonly aliases: readonly ({ readonly source: string; readonly id: string })[]; readonly attributes?: Readonly<Record<string, string>> | undefined; readonly platform?: string | undefined; readonly browser?: string | undefined;
};

/** See docs/openapi.json, NewToken. */
export type NewToken = {
  readonly subject: string; readonly label: string; readonly grants: readonly (Grant)[]; readonly days?: number | undefined;
};

/** See docs/openapi.json, NumberAsk. */
export type NumberAsk = {
  readonly number?: string | undefined; readonly profile?: string | undefined; readonly reason: string;
};

/** See docs/openapi.json, Policies. */
export type Policies = {
  readonly items: readonly (Policy)[];
};

/** See docs/openapi.json, Policy. */
export type Policy = {
  readonly policy: string; readonly version: number; readonly hash: string; readonly state: 'draft' | 'shadow' | 'challenger' | 'live' | 'retired'; readonly scenes: readonly (string)[]; readonly reason: string; readonly draftedBy: string; readonly changedBy: string; readonly createdAtMs: number; readonly changedAtMs: number; readonly liveAtMs: number | null; readonly perMille: number | null; readonly guard: { readonly challenger: { readonly sessions: number; readonly challenged: number; readonly denied: number }; readonly champion: { readonly sessions: number; readonly challenged: number; readonly denied: number }; readonly halted: string | null } | null;
};

/** See docs/openapi.json, PolicyCheck. */
export type PolicyCheck = {
  readonly ok: boolean; readonly policy: string | null; readonly hash: string | null; readonly scenes: readonly (string)[]; readonly rules: number; readonly notes: readonly (string)[]; readonly faults: readonly ({ readonly path: string; readonly rule: string; readonly code: string; readonly at: number; readonly message: string; readonly hint: string | null })[];
};

/** See docs/openapi.json, PolicyDetail. */
export type PolicyDetail = {
  readonly policy: string; readonly version: number; readonly hash: string; readonly state: 'draft' | 'shadow' | 'challenger' | 'live' | 'retired'; readonly scenes: readonly (string)[]; readonly reason: string; readonly draftedBy: string; readonly changedBy: string; readonly createdAtMs: number; readonly changedAtMs: number; readonly liveAtMs: number | null; readonly perMille: number | null; readonly guard: { readonly challenger: { readonly sessions: number; readonly challenged: number; readonly denied: number }; readonly champion: { readonly sessions: number; readonly challenged: number; readonly denied: number }; readonly halted: string | null } | null; readonly document: Readonly<Record<string, unknown>>;
};

/** See docs/openapi.json, PolicyStepContent. */
export type PolicyStepContent = {
  readonly policy: string; readonly version: number; readonly hash: string; readonly action: 'shadow' | 'challenge' | 'live' | 'rollback' | 'retire'; readonly perMille?: number | undefined; readonly reason: string;
};

/** See docs/openapi.json, PolicyToCheck. */
export type PolicyToCheck = {
  readonly document: Readonly<Record<string, unknown>>;
};

/** See docs/openapi.json, PrivacyChain. */
export type PrivacyChain = {
  readonly chain: string; readonly owner: string; readonly owners: readonly ({ readonly owner: string; readonly devices: number })[]; readonly ownerVersion: string | null; readonly effects: readonly ({ readonly directive: string; readonly version: number; readonly devices: number; readonly stopped: number; readonly firstAtMs: number | null; readonly lastAtMs: number | null })[]; readonly firstAtMs: number; readonly lastAtMs: number;
};

/** See docs/openapi.json, PrivacyChainDetail. */
export type PrivacyChainDetail = {
  readonly chain: string; readonly owner: string; readonly owners: readonly ({ readonly owner: string; readonly devices: number })[]; readonly ownerVersion: string | null; readonly effects: readonly ({ readonly directive: string; readonly version: number; readonly devices: number; readonly stopped: number; readonly firstAtMs: number | null; readonly lastAtMs: number | null })[]; readonly firstAtMs: number; readonly lastAtMs: number; readonly frames: readonly (string)[]; readonly preview: { readonly devices: number; readonly calls: readonly ({ readonly api: string; readonly scene: string; readonly calls: number })[]; readonly findings: readonly (string)[]; readonly otherChains: readonly (string)[] };
};

/** See docs/openapi.json, PrivacyChainPage. */
export type PrivacyChainPage = {
  readonly items: readonly (PrivacyChain)[]; readonly next: string | null;
};

/** See docs/openapi.json, PrivacyErased. */
export type PrivacyErased = {
  readonly subject: string; readonly rows: number;
};

/** See docs/openapi.json, PrivacyErasure. */
export type PrivacyErasure = {
  readonly subject?: string | undefined; readonly device?: string | undefined; readonly reason: string;
};

/** See docs/openapi.json, PrivacyFinding. */
export type PrivacyFinding = {
  readonly id: string; readonly kind: 'over-scope' | 'over-frequency' | 'background' | 'before-consent' | 'after-refusal' | 'undeclared-sdk' | 'undeclared-destination' | 'many-identifiers'; readonly api: string; readonly chain: string; readonly owner: string; readonly severity: 'low' | 'medium' | 'high' | 'critical'; readonly clauses: readonly (string)[]; readonly state: 'open' | 'accepted' | 'stopped' | 'fixed'; readonly calls: number; readonly devices: number; readonly firstAtMs: number; readonly lastAtMs: number; readonly stoppedBy: string | null; readonly changedBy: string | null; readonly acceptance: { readonly reason: string; readonly by: string; readonly untilMs: number } | null; readonly evidence: readonly ({ readonly scene: string; readonly isForeground: boolean; readonly atMs: number; readonly destination: string | null })[];
};

/** See docs/openapi.json, PrivacyFindingDecision. */
export type PrivacyFindingDecision = {
  readonly action: 'accept' | 'fix'; readonly reason: string; readonly days?: number | undefined;
};

/** See docs/openapi.json, PrivacyFindingPage. */
export type PrivacyFindingPage = {
  readonly items: readonly (PrivacyFinding)[]; readonly next: string | null;
};

/** See docs/openapi.json, PrivacyMatrix. */
export type PrivacyMatrix = {
  readonly cells: readonly ({ readonly item: string; readonly class: 'C1' | 'C2' | 'C3'; readonly api: string; readonly chain: string; readonly owner: string; readonly scene: string; readonly isForeground: boolean; readonly outcome: string; readonly calls: number; readonly firstAtMs: number; readonly lastAtMs: number })[]; readonly isComplete: boolean;
};

/** See docs/openapi.json, PrivacyResumption. */
export type PrivacyResumption = {
  readonly chain: string; readonly reason: string;
};

/** See docs/openapi.json, PrivacyRule. */
export type PrivacyRule = {
  readonly id: string; readonly kind: string; readonly action: string; readonly delayMs: number | null; readonly minDevices: number; readonly perDay: number; readonly stopHours: number; readonly expiresAtMs: number; readonly hash: string; readonly approvedBy: string; readonly state: 'active' | 'revoked'; readonly answers: readonly ({ readonly chain: string; readonly atMs: number; readonly untilMs: number })[];
};

/** See docs/openapi.json, PrivacyRuleContent. */
export type PrivacyRuleContent = {
  readonly kind: 'over-scope' | 'over-frequency' | 'background' | 'before-consent' | 'after-refusal' | 'undeclared-sdk' | 'undeclared-destination' | 'many-identifiers'; readonly action: 'empty' | 'deny' | 'delay'; readonly delayMs: number | null; readonly minDevices: number; readonly perDay: number; readonly stopHours: number; readonly expiresAtMs: number; readonly reason: string;
};

/** See docs/openapi.json, PrivacyRuleEnd. */
export type PrivacyRuleEnd = {
  readonly rule: string; readonly reason: string;
};

/** See docs/openapi.json, PrivacyRules. */
export type PrivacyRules = {
  readonly items: readonly (PrivacyRule)[];
};

/** See docs/openapi.json, PrivacyStopOrder. */
export type PrivacyStopOrder = {
  readonly chain: string; readonly apis?: readonly (string)[] | undefined; readonly action: 'empty' | 'deny' | 'delay'; readonly delayMs?: number | undefined; readonly hours?: number | undefined; readonly stages?: readonly (number)[] | undefined; readonly reason: string;
};

/** See docs/openapi.json, PrivacyStopped. */
export type PrivacyStopped = {
  readonly chain: string; readonly rollout: string | null; readonly state: string | null; readonly findings: number;
};

/** See docs/openapi.json, PrivacyStops. */
export type PrivacyStops = {
  readonly stops: readonly ({ readonly chain: string; readonly apis: readonly (string)[] | null; readonly action: 'empty' | 'deny' | 'delay'; readonly delayMs: number | null; readonly untilMs: number | null; readonly by: string })[]; readonly rollout: string | null;
};

/** See docs/openapi.json, PrivacySubject. */
export type PrivacySubject = {
  readonly subject: string; readonly isLinked: boolean; readonly consents: readonly (Readonly<Record<string, unknown>>)[]; readonly consentRecord: Readonly<Record<string, unknown>>; readonly ledger: string; readonly effects: readonly (Readonly<Record<string, unknown>>)[]; readonly watched: readonly ({ readonly call: string; readonly spans: readonly (readonly (number)[])[] })[]; readonly reports: readonly (Readonly<Record<string, unknown>>)[]; readonly isComplete: boolean;
};

/** RFC 9457. */
export type Problem = {
  readonly type: string; readonly title: string; readonly status: number; readonly code: string; readonly instance: string; readonly detail?: string | undefined; readonly right?: string | undefined; readonly errors?: readonly ({ readonly in: 'path' | 'query' | 'header' | 'body'; readonly pointer: string; readonly message: string })[] | undefined;
};

/** See docs/openapi.json, ProposedChange. */
export type ProposedChange = {
  readonly kind: 'device.change'; readonly content: DeviceChangeContent } | { readonly kind: 'binding.end'; readonly content: BindingEndContent } | { readonly kind: 'binding.unblock'; readonly content: BlockLiftContent } | { readonly kind: 'privacy.stop'; readonly content: PrivacyStopOrder } | { readonly kind: 'privacy.rule'; readonly content: PrivacyRuleContent } | { readonly kind: 'directive.approve'; readonly content: DirectiveApprovalContent } | { readonly kind: 'directive.kill'; readonly content: DirectiveKill } | { readonly kind: 'policy.step'; readonly content: PolicyStepContent } | { readonly kind: 'list.change'; readonly content: ListChangeContent } | { readonly kind: 'model.activate'; readonly content: ModelContent } | { readonly kind: 'alert.rule'; readonly content: AlertRuleContent;
};

/** See docs/openapi.json, Reject. */
export type Reject = {
  readonly note: string;
};

/** See docs/openapi.json, ResolvedIdentity. */
export type ResolvedIdentity = {
  readonly identity: string; readonly by: 'key' | 'token' | 'alias' | 'link' | 'new' | 'operator'; readonly confidence: number; readonly isNew: boolean; readonly collision: 'distinct' | 'similar' | 'uniform'; readonly possibleTwin: { readonly identity: string; readonly bits: number; readonly atMs: number } | null; readonly conflicts: readonly (string)[];
};

/** See docs/openapi.json, Roles. */
export type Roles = {
  readonly roles: readonly ({ readonly name: string; readonly rights: readonly (string)[] })[];
};

/** See docs/openapi.json, Self. */
export type Self = {
  readonly organisation: string; readonly subject: string; readonly token: string; readonly expiresAtMs: number; readonly grants: readonly (Grant)[]; readonly apps: readonly ({ readonly id: string; readonly rights: readonly (string)[] })[]; readonly organisationRights: readonly (string)[];
};

/** See docs/openapi.json, Settlement. */
export type Settlement = {
  readonly settlement: 'executed' | 'not-executed';
};

/** See docs/openapi.json, Shared. */
export type Shared = {
  readonly indicator: string; readonly objects: number;
};

/** The newest reports of a device, newest last, with the score after each. */
export type SignalReports = {
  readonly items: readonly ({ readonly receivedAtMs: number; readonly eventAtMs: number; readonly scene: string; readonly sdk: string; readonly counter: number; readonly succession: string; readonly ran: number; readonly skipped: readonly ({ readonly code: string; readonly why: string })[]; readonly signals: readonly ({ readonly code: string; readonly value: boolean | number; readonly source: 'web' | 'native' | 'server' | 'tee'; readonly untilMs: number })[]; readonly refused: readonly ({ readonly code: string; readonly why: string })[]; readonly score: number | null; readonly band: 'unknown' | 'clean' | 'good' | 'fair' | 'poor' | 'bad' })[];
};

/** See docs/openapi.json, StagedListChange. */
export type StagedListChange = {
  readonly list: string; readonly kind: string; readonly by: string; readonly atMs: number; readonly adds: number; readonly removes: number; readonly add: readonly ({ readonly member: string; readonly source: string; readonly reason: string; readonly expiresAtMs: number | null })[]; readonly remove: readonly (string)[];
};

/** See docs/openapi.json, StatementAnswer. */
export type StatementAnswer = {
  readonly holds: boolean; readonly reason: string | null; readonly createdAtMs: number | null; readonly mediaType: string | null; readonly device: { readonly id: string; readonly tier: number; readonly tierName: string } | null; readonly key: { readonly purpose: 'device' | 'approve' | 'capture'; readonly thumbprint: string; readonly level: 'software' | 'tee' | 'secure-element'; readonly userBinding: 'hardware' | 'app' | 'nobody' } | null;
};

/** See docs/openapi.json, StatementChallenge. */
export type StatementChallenge = {
  readonly challenge: string; readonly expiresAtMs: number;
};

/** docs/trusted-services.md */
export type StatementQuestion = {
  readonly statement: string; readonly kind: 'identify' | 'sign' | 'verify-user' | 'capture' | 'seal'; readonly service: string; readonly device?: string | undefined; readonly publicKey?: string | undefined; readonly challenge: string; readonly challengeOf?: 'caller' | 'gateway' | undefined; readonly dataSha256: string; readonly maxAgeMs?: number | undefined; readonly prompt?: { readonly title: string; readonly text: string } | undefined; readonly capture?: { readonly mediaType: string; readonly capturedAtMs: number } | undefined;
};

/** See docs/openapi.json, TakenIntelligence. */
export type TakenIntelligence = {
  readonly taken: number; readonly refused: readonly ({ readonly id: string; readonly code: string; readonly detail: string })[];
};

/** See docs/openapi.json, Token. */
export type Token = {
  readonly id: string; readonly prefix: string; readonly subject: string; readonly label: string; readonly grants: readonly (Grant)[]; readonly state: 'live' | 'expired' | 'revoked'; readonly createdBy: string; readonly createdAtMs: number; readonly expiresAtMs: number; readonly lastUsedAtMs: number | null; readonly revokedAtMs: number | null;
};

/** See docs/openapi.json, TokenPage. */
export type TokenPage = {
  readonly items: readonly (Token)[]; readonly next: string | null;
};

/** Why what a device touched no longer counts. */
export type TrapClear = {
  readonly reason: string;
};

/** See docs/openapi.json, UnknownOutcomes. */
export type UnknownOutcomes = {
  readonly items: readonly ({ readonly entry: string; readonly device: string; readonly route: string; readonly startedAtMs: number })[];
};

/** JWK Set (RFC 7517). */
export type VerdictKeys = {
  readonly keys: readonly (Readonly<Record<string, string>>)[];
};

/** See docs/openapi.json, VmnHealth. */
export type VmnHealth = {
  readonly sinceMs: number; readonly elsewhere: number; readonly items: readonly ({ readonly vmn: string; readonly outcomes: { readonly counted: number; readonly redelivered: number; readonly 'wrong-vmn': number; readonly untrusted: number; readonly declined: number; readonly unknown: number; readonly refused: number }; readonly lastSeenMs: number | null; readonly quietMs: number; readonly silent: boolean })[];
};

/** Every operation. */
export interface AdminApi {
  /** Exchanges the one-time secret of the first start for the token of the local administrator. */
  login(input: { readonly body: Login }): Promise<Answered<IssuedToken>>;
  /** Who the token stands for, and what it may do. */
  self(): Promise<Answered<Self>>;
  /** Revokes the token that is shown. */
  logout(): Promise<Answered<Token>>;
  /** Roles that tokens may be given: the built-in ones and those of the configuration. */
  listRoles(): Promise<Answered<Roles>>;
  /** Tokens of the organisation, oldest first; never their secrets. */
  listTokens(input?: { readonly limit?: number | undefined; readonly after?: string | undefined }): Promise<Answered<TokenPage>>;
  /** Issues a token with rights that the caller has. */
  createToken(input: { readonly body: NewToken }): Promise<Answered<IssuedToken>>;
  /** A token without its secret. */
  findToken(input: { readonly token: string }): Promise<Answered<Token>>;
  /** Revokes a token at once; again, it changes nothing. */
  revokeToken(input: { readonly token: string }): Promise<Answered<Token>>;
  /** Devices of an app, in the order of their ids. */
  listDevices(input: { readonly app: string; readonly limit?: number | undefined; readonly after?: string | undefined; readonly state?: 'enrolled' | 'trusted' | 'suspended' | 'lost' | 'revoked' | undefined; readonly tier?: string | undefined; readonly platform?: 'android' | 'ios' | 'harmony' | 'web' | 'other' | undefined; readonly text?: string | undefined }): Promise<Answered<DevicePage>>;
  /** Everything about one device: state, evidence, keys, history with reasons. */
  findDevice(input: { readonly app: string; readonly device: string }): Promise<Answered<DeviceDetail>>;
  /** Suspends, unsuspends, revokes or reports one device lost, or asks it for new evidence. */
  changeDevice(input: { readonly app: string; readonly device: string; readonly body: NewDeviceChange; readonly ifMatch?: string | undefined }): Promise<Answered<DeviceChangesOutcome | Approval>>;
  /** The same for many devices; each is answered for on its own. */
  changeDevices(input: { readonly app: string; readonly body: NewDeviceChanges }): Promise<Answered<DeviceChangesOutcome | Approval>>;
  /** Signals of a device that are in force, its score and band. Looking is audited. */
  deviceSignals(input: { readonly app: string; readonly device: string }): Promise<Answered<DeviceSignals>>;
  /** The newest reports of a device with the score after each, newest last. Looking is audited. */
  listSignalReports(input: { readonly app: string; readonly device: string }): Promise<Answered<SignalReports>>;
  /** Traps that a device touched, while it counts. Looking is audited. */
  deviceTrap(input: { readonly app: string; readonly device: string }): Promise<Answered<DeviceTrap>>;
  /** Takes back that a device touched traps: from the next request on it is judged as any other. */
  clearDeviceTrap(input: { readonly app: string; readonly device: string; readonly body: TrapClear }): Promise<Answered<DeviceTrap>>;
  /** What the evidence of a device was worth and what the device is now, signed, to be handed to a third party. */
  deviceVerdict(input: { readonly app: string; readonly device: string; readonly nonce?: string | undefined }): Promise<Answered<DeviceVerdict>>;
  /** The public keys of signed verdicts. */
  verdictKeys(): Promise<Answered<VerdictKeys>>;
  /** Who a device is taken for: its aliases with their intervals, possible twins, merges and splits. */
  findIdentity(input: { readonly app: string; readonly device: string }): Promise<Answered<Identity>>;
  /** Merges another identity into this one, splits aliases off it, or undoes either. */
  changeIdentity(input: { readonly app: string; readonly device: string; readonly body: NewIdentityChange }): Promise<Answered<IdentityEvent>>;
  /** Says who a device is, by its own id or those that others gave it and what it shows, and remembers them. */
  resolveIdentity(input: { readonly app: string; readonly body: NewSight }): Promise<Answered<ResolvedIdentity>>;
  /** Proposals of an app, newest first unless told otherwise. */
  listApprovals(input: { readonly app: string; readonly limit?: number | undefined; readonly after?: string | undefined; readonly state?: 'pending' | 'approved' | 'executing' | 'executed' | 'failed' | 'rejected' | 'withdrawn' | undefined; readonly sort?: 'created' | '-created' | undefined }): Promise<Answered<ApprovalPage>>;
  /** A proposal with the change, its hash and what became of it. */
  findApproval(input: { readonly app: string; readonly approval: string }): Promise<Answered<Approval>>;
  /** Puts another change in place of the proposed one. What was approved before counts no longer. */
  editApproval(input: { readonly app: string; readonly approval: string; readonly body: ProposedChange; readonly ifMatch: string }): Promise<Answered<Approval>>;
  /** Approves exactly the change of this hash, and has it carried out. */
  approve(input: { readonly app: string; readonly approval: string; readonly body: Approve }): Promise<Answered<Approval>>;
  /** Rejects a proposal. */
  reject(input: { readonly app: string; readonly approval: string; readonly body: Reject }): Promise<Answered<Approval>>;
  /** Takes an own proposal back. */
  withdraw(input: { readonly app: string; readonly approval: string }): Promise<Answered<Approval>>;
  /** Carries an approved change out that was left undone; done already, it answers what came of it. */
  execute(input: { readonly app: string; readonly approval: string }): Promise<Answered<Approval>>;
  /** Audit entries of an app, oldest first. `hauberk audit verify` checks the whole chain. */
  listAudit(input: { readonly app: string; readonly limit?: number | undefined; readonly after?: number | undefined }): Promise<Answered<AuditPage>>;
  /** Audit entries of the organisation as a whole: tokens and start-up secrets. */
  listOrganisationAudit(input?: { readonly limit?: number | undefined; readonly after?: number | undefined }): Promise<Answered<AuditPage>>;
  /** Idempotency keys whose outcome nobody knows, oldest first; at most 1000. */
  listUnknownOutcomes(input: { readonly app: string }): Promise<Answered<UnknownOutcomes>>;
  /** Says what became of it, as the upstream knows. */
  settleUnknownOutcome(input: { readonly app: string; readonly entry: string; readonly body: Settlement }): Promise<Answered<UnknownOutcomes>>;
  /** A challenge for one trusted statement: five minutes, used up by the one verification that holds. */
  issueStatementChallenge(input: { readonly app: string }): Promise<Answered<StatementChallenge>>;
  /** Says whether a trusted statement of an app holds: by the key that a device registered, or by a key of yours. */
  verifyStatement(input: { readonly app: string; readonly body: StatementQuestion }): Promise<Answered<StatementAnswer>>;
  /** SIM and device bindings of an app by profile, ended ones too. */
  listBindings(input: { readonly app: string; readonly limit?: number | undefined; readonly after?: string | undefined; readonly profile?: string | undefined; readonly device?: string | undefined; readonly number?: string | undefined; readonly live?: 'true' | 'false' | undefined }): Promise<Answered<BindingPage>>;
  /** Attempts to bind, newest first, those that got no token too. Kept for `binding.trailDays`. */
  listBindingAttempts(input: { readonly app: string; readonly limit?: number | undefined; readonly after?: string | undefined; readonly open?: 'true' | 'false' | undefined; readonly state?: 'idle' | 'issued' | 'seen' | 'proven' | 'bound' | 'declined' | 'expired' | 'blocked' | undefined; readonly profile?: string | undefined; readonly device?: string | undefined; readonly number?: string | undefined; readonly rule?: 'B01' | 'B02' | 'B03' | 'B04' | 'B05' | 'B06' | 'B07' | 'B08' | 'B09' | 'B10' | 'B11' | 'B12' | 'B13' | 'B14' | 'B15' | 'B16' | 'B17' | 'B18' | 'B19' | 'B20' | 'B21' | 'B22' | 'B23' | 'B24' | 'B25' | 'B26' | undefined; readonly code?: string | undefined; readonly since?: number | undefined; readonly until?: number | undefined }): Promise<Answered<BindingAttemptPage>>;
  /** Why an attempt to bind went as it did: its steps, and every rule with what it came to. */
  explainBinding(input: { readonly app: string; readonly attempt: string }): Promise<Answered<BindingAttempt>>;
  /** How the numbers fare that receive SMS: what came, what came wrongly, which fell silent. They are shared by all apps. */
  listVmns(input: { readonly app: string }): Promise<Answered<VmnHealth>>;
  /** The number of a customer, asked of the bank, or the hash of a number, to search by. Each use is audited. */
  findNumber(input: { readonly app: string; readonly body: NumberAsk }): Promise<Answered<CustomerNumber>>;
  /** Proposes the end of a live binding, and of the logins of its device. Two people must always agree. */
  endBinding(input: { readonly app: string; readonly body: NewBindingEnd }): Promise<Answered<Approval>>;
  /** Who may not bind now: by B09, or by the word of an operator. */
  listBindingBlocks(input: { readonly app: string; readonly limit?: number | undefined; readonly after?: string | undefined }): Promise<Answered<BindingBlockPage>>;
  /** Keeps a device, key, fingerprint, profile or number from binding. A block of the same thing is never made shorter. */
  addBindingBlock(input: { readonly app: string; readonly body: NewBindingBlock }): Promise<Answered<BindingBlock>>;
  /** Proposes to take a block of an operator back before its time. Blocks of B09 run out by themselves. */
  liftBindingBlock(input: { readonly app: string; readonly body: BindingBlockLift }): Promise<Answered<Approval>>;
  /** Findings of an app, in the order of their ids. */
  listPrivacyFindings(input: { readonly app: string; readonly limit?: number | undefined; readonly after?: string | undefined; readonly state?: 'open' | 'accepted' | 'stopped' | 'fixed' | undefined; readonly kind?: 'over-scope' | 'over-frequency' | 'background' | 'before-consent' | 'after-refusal' | 'undeclared-sdk' | 'undeclared-destination' | 'many-identifiers' | undefined; readonly severity?: 'low' | 'medium' | 'high' | 'critical' | undefined; readonly chain?: string | undefined }): Promise<Answered<PrivacyFindingPage>>;
  /** A finding with its first evidence. */
  findPrivacyFinding(input: { readonly app: string; readonly finding: string }): Promise<Answered<PrivacyFinding>>;
  /** Call chains that reached a sensitive function, with their owners and proof of effect. */
  listPrivacyChains(input: { readonly app: string; readonly limit?: number | undefined; readonly after?: string | undefined }): Promise<Answered<PrivacyChainPage>>;
  /** A chain with its frames, proof of effect, and what a stop of it would meet. */
  findPrivacyChain(input: { readonly app: string; readonly chain: string }): Promise<Answered<PrivacyChainDetail>>;
  /** What is stopped on devices, by whom, until when. */
  listPrivacyStops(input: { readonly app: string }): Promise<Answered<PrivacyStops>>;
  /** Stops a chain on devices by a signed directive. Look at the chain first: its preview tells what this meets. */
  stopPrivacyChain(input: { readonly app: string; readonly body: PrivacyStopOrder }): Promise<Answered<PrivacyStopped | Approval>>;
  /** Response rules, ended ones too, with what they stopped. */
  listPrivacyRules(input: { readonly app: string }): Promise<Answered<PrivacyRules>>;
  /** Proposes a response rule: what it stops later needs nobody, so two people must always agree on the rule. */
  proposePrivacyRule(input: { readonly app: string; readonly body: PrivacyRuleContent }): Promise<Answered<Approval>>;
  /** Which data were read, by which function, chain and owner, in which scene, how often. */
  privacyMatrix(input: { readonly app: string; readonly days?: number | undefined }): Promise<Answered<PrivacyMatrix>>;
  /** Everything that is known under a pseudonym. */
  findPrivacySubject(input: { readonly app: string; readonly subject: string }): Promise<Answered<PrivacySubject>>;
  /** Everything that is known under the pseudonym of a device. Links the two, so it asks for the right to write. */
  findPrivacySubjectOfDevice(input: { readonly app: string; readonly device: string }): Promise<Answered<PrivacySubject>>;
  /** Public keys of the consent ledger, for whoever checks it offline. */
  listConsentKeys(input: { readonly app: string }): Promise<Answered<ConsentKeys>>;
  /** Accepts a finding for a while, or says that a release is without it: seen again, it is open again. */
  decidePrivacyFinding(input: { readonly app: string; readonly finding: string; readonly body: PrivacyFindingDecision }): Promise<Answered<PrivacyFinding>>;
  /** Lets a stopped chain go on; its findings are open again. */
  resumePrivacyChain(input: { readonly app: string; readonly body: PrivacyResumption }): Promise<Answered<PrivacyStopped>>;
  /** Ends a response rule and everything that it stopped. */
  endPrivacyRule(input: { readonly app: string; readonly body: PrivacyRuleEnd }): Promise<Answered<PrivacyRule>>;
  /** Erases what leads from a device to its pseudonym, and what hangs on that person alone. Cannot be undone. */
  erasePrivacySubject(input: { readonly app: string; readonly body: PrivacyErasure }): Promise<Answered<PrivacyErased>>;
  /** Rollouts of directives of an app, newest first. */
  listDirectives(input: { readonly app: string; readonly limit?: number | undefined; readonly after?: string | undefined; readonly state?: 'drafted' | 'approved' | 'staged' | 'complete' | 'halted' | 'reverted' | 'expired' | undefined }): Promise<Answered<DirectivePage>>;
  /** Drafts a directive and how it is rolled out. Nothing is published yet. */
  draftDirective(input: { readonly app: string; readonly body: NewDirective }): Promise<Answered<DirectiveRollout>>;
  /** A rollout: its plan, the shares that were published, what its guard has seen. */
  findDirective(input: { readonly app: string; readonly directive: string }): Promise<Answered<DirectiveRollout>>;
  /** Approves a draft, or proposes its approval where two people must agree: exactly this plan, by its hash. */
  approveDirective(input: { readonly app: string; readonly directive: string }): Promise<Answered<DirectiveRollout | Approval>>;
  /** Publishes an approved directive to its next share of the devices. */
  stageDirective(input: { readonly app: string; readonly directive: string; readonly ifMatch?: string | undefined }): Promise<Answered<DirectiveRollout>>;
  /** Ends a rollout that is under way: what counted before it is published anew, to everybody. */
  haltDirective(input: { readonly app: string; readonly directive: string; readonly body: DirectiveEnd }): Promise<Answered<DirectiveRollout>>;
  /** Takes a complete rollout back: what counted before it is published anew, to everybody. */
  revertDirective(input: { readonly app: string; readonly directive: string; readonly body: DirectiveEnd }): Promise<Answered<DirectiveRollout>>;
  /** The kill switch: sets kinds of directives aside on every device at once, or gives them back. */
  killDirectives(input: { readonly app: string; readonly body: DirectiveKill }): Promise<Answered<DirectiveRollout | Approval>>;
  /** Checks the document of a policy against the facts and lists of the app; keeps nothing. */
  checkPolicy(input: { readonly app: string; readonly body: PolicyToCheck }): Promise<Answered<PolicyCheck>>;
  /** Versions of policies, by policy and version. */
  listPolicies(input: { readonly app: string; readonly state?: 'draft' | 'shadow' | 'challenger' | 'live' | 'retired' | undefined }): Promise<Answered<Policies>>;
  /** Keeps a document as the next version of its policy, as a draft. What is wrong with it is told with pointers. */
  draftPolicy(input: { readonly app: string; readonly body: NewPolicy }): Promise<Answered<Policy>>;
  /** A version with its document. */
  findPolicy(input: { readonly app: string; readonly policy: string; readonly version: string }): Promise<Answered<PolicyDetail>>;
  /** Lets a version take a step: shadow, challenge, live, rollback, retire. Where two people must agree it is proposed, bound to the hash of the document. */
  stepPolicy(input: { readonly app: string; readonly policy: string; readonly version: string; readonly body: NewPolicyStep }): Promise<Answered<Policy | Approval>>;
  /** Models that are kept, and which one is active. */
  listModels(input: { readonly app: string }): Promise<Answered<DecisionModels>>;
  /** Keeps a model. Nothing is decided by it before it is activated. */
  keepModel(input: { readonly app: string; readonly body: NewDecisionModel }): Promise<Answered<DecisionModel>>;
  /** A model with its document. */
  findModel(input: { readonly app: string; readonly model: string }): Promise<Answered<DecisionModelDetail>>;
  /** Makes a kept model the one that counts, or none; proposes it where two people must agree. */
  activateModel(input: { readonly app: string; readonly body: ModelActivation }): Promise<Answered<ModelDone | Approval>>;
  /** Forgets a model that is not active. */
  dropModel(input: { readonly app: string; readonly body: ModelDrop }): Promise<Answered<ModelDone>>;
  /** Lists that policies may ask. */
  listDecisionLists(input: { readonly app: string }): Promise<Answered<DecisionLists>>;
  /** Entries of a list, in the order of their keyed hashes. */
  listDecisionListEntries(input: { readonly app: string; readonly list: string; readonly limit?: number | undefined; readonly after?: string | undefined }): Promise<Answered<DecisionListEntries>>;
  /** Adds and removes entries, as one change that two people agree on. Ids are hashed at once and never kept. */
  changeDecisionList(input: { readonly app: string; readonly list: string; readonly body: NewListChange }): Promise<Answered<ListChanged | Approval>>;
  /** A change that waits for a second person. */
  findDecisionListChange(input: { readonly app: string; readonly change: string }): Promise<Answered<StagedListChange>>;
  /** Decisions, newest first. Of one entity, that is its timeline. */
  listDecisions(input: { readonly app: string; readonly fromMs?: number | undefined; readonly toMs?: number | undefined; readonly entity?: string | undefined; readonly reason?: string | undefined; readonly outcome?: 'allow' | 'observe' | 'slow' | 'challenge' | 'deny' | 'trap' | undefined; readonly scene?: string | undefined; readonly policy?: string | undefined; readonly limit?: number | undefined; readonly after?: string | undefined }): Promise<Answered<DecisionPage>>;
  /** One decision, and what it turned out to be. */
  findDecision(input: { readonly app: string; readonly decision: string }): Promise<Answered<Decision>>;
  /** Why it was decided so: rules that fired and that nearly did, facts of that moment, related entities. */
  explainDecision(input: { readonly app: string; readonly decision: string }): Promise<Answered<DecisionWhy>>;
  /** Records and labels of a span as they were kept, for a replay. They hold keyed hashes, and no ids. */
  readDecisionRecords(input: { readonly app: string; readonly fromMs?: number | undefined; readonly toMs?: number | undefined; readonly after?: number | undefined; readonly limit?: number | undefined }): Promise<Answered<DecisionRecords>>;
  /** A schema, policy or model as it was when it was decided by it. */
  findDecisionText(input: { readonly app: string; readonly text: string }): Promise<Answered<DecisionText>>;
  /** Clusters of devices that share what strangers do not, the surest first; at most 200. Devices serve all apps, and so do clusters. */
  listClusters(input: { readonly app: string; readonly grade?: 'watch' | 'grey' | 'black' | undefined }): Promise<Answered<Clusters>>;
  /** Why a cluster is one: which evidence its devices share, how many do, since when. */
  findCluster(input: { readonly app: string; readonly cluster: string }): Promise<Answered<ClusterDetail>>;
  /** Puts the devices of a grey or black cluster on a list, as one change that two people agree on. */
  proposeClusterList(input: { readonly app: string; readonly cluster: string; readonly body: NewClusterList }): Promise<Answered<ClusterListed | Approval>>;
  /** How much partners told, how the polled sources stand, and which collections there are. */
  intelligenceStatus(): Promise<Answered<IntelligenceStatus>>;
  /** Adds objects of STIX 2.1 to a collection; one that holds no rule of its type is told and spoils none of the others. */
  addIntelligence(input: { readonly collection: string; readonly body: NewIntelligence }): Promise<Answered<TakenIntelligence>>;
  /** Tells a partner of entities, as digests under the key that is shared with it; nothing else of them leaves. */
  shareIntelligence(input: { readonly collection: string; readonly body: NewShare }): Promise<Answered<Shared>>;
  /** Rules over decisions, ended ones too. */
  listAlertRules(input: { readonly app: string }): Promise<Answered<AlertRules>>;
  /** Puts a rule in force; one that answers by itself is proposed: two people must agree on exactly this rule. */
  addAlertRule(input: { readonly app: string; readonly body: AlertRuleContent }): Promise<Answered<AlertRule | Approval>>;
  /** Ends a rule and takes back what it put on its list. Devices that it suspended come back as devices do: where that needs two people, it is proposed. */
  endAlertRule(input: { readonly app: string; readonly body: AlertRuleEnd }): Promise<Answered<AlertRule | Approval>>;
  /** Alerts, the newest first. */
  listAlerts(input: { readonly app: string; readonly limit?: number | undefined; readonly state?: 'open' | 'acknowledged' | 'closed' | undefined }): Promise<Answered<Alerts>>;
  /** Acknowledges or closes an alert. */
  stepAlert(input: { readonly app: string; readonly alert: string; readonly body: AlertStep }): Promise<Answered<Alert>>;
  /** Cases, the newest first. */
  listCases(input: { readonly app: string; readonly limit?: number | undefined; readonly state?: 'open' | 'closed' | undefined; readonly owner?: string | undefined }): Promise<Answered<Cases>>;
  /** Opens a case over decisions, or over those of an alert. */
  openCase(input: { readonly app: string; readonly body: NewCase }): Promise<Answered<Case>>;
  /** A case with its notes. */
  findCase(input: { readonly app: string; readonly case: string }): Promise<Answered<Case>>;
  /** Assigns, notes, closes with an outcome, or opens again. */
  stepCase(input: { readonly app: string; readonly case: string; readonly body: NewCaseStep }): Promise<Answered<Case>>;
}

/** How each is sent. */
export const calls: Readonly<Record<keyof AdminApi, CallShape>> = {
  login: { method: 'POST', path: '/login', query: [], hasBody: true, hasVersion: false },
  self: { method: 'GET', path: '/self', query: [], hasBody: false, hasVersion: false },
  logout: { method: 'DELETE', path: '/self', query: [], hasBody: false, hasVersion: false },
  listRoles: { method: 'GET', path: '/roles', query: [], hasBody: false, hasVersion: false },
  listTokens: { method: 'GET', path: '/tokens', query: ['limit', 'after'], hasBody: false, hasVersion: false },
  createToken: { method: 'POST', path: '/tokens', query: [], hasBody: true, hasVersion: false },
  findToken: { method: 'GET', path: '/tokens/{token}', query: [], hasBody: false, hasVersion: false },
  revokeToken: { method: 'DELETE', path: '/tokens/{token}', query: [], hasBody: false, hasVersion: false },
  listDevices: { method: 'GET', path: '/apps/{app}/devices', query: ['limit', 'after', 'state', 'tier', 'platform', 'text'], hasBody: false, hasVersion: false },
  findDevice: { method: 'GET', path: '/apps/{app}/devices/{device}', query: [], hasBody: false, hasVersion: false },
  changeDevice: { method: 'POST', path: '/apps/{app}/devices/{device}/changes', query: [], hasBody: true, hasVersion: true },
  changeDevices: { method: 'POST', path: '/apps/{app}/device-changes', query: [], hasBody: true, hasVersion: false },
  deviceSignals: { method: 'GET', path: '/apps/{app}/devices/{device}/signals', query: [], hasBody: false, hasVersion: false },
  listSignalReports: { method: 'GET', path: '/apps/{app}/devices/{device}/signal-reports', query: [], hasBody: false, hasVersion: false },
  deviceTrap: { method: 'GET', path: '/apps/{app}/devices/{device}/trap', query: [], hasBody: false, hasVersion: false },
  clearDeviceTrap: { method: 'POST', path: '/apps/{app}/devices/{device}/trap/clear', query: [], hasBody: true, hasVersion: false },
  deviceVerdict: { method: 'GET', path: '/apps/{app}/devices/{device}/verdict', query: ['nonce'], hasBody: false, hasVersion: false },
  verdictKeys: { method: 'GET', path: '/verdict-keys', query: [], hasBody: false, hasVersion: false },
  findIdentity: { method: 'GET', path: '/apps/{app}/devices/{device}/identity', query: [], hasBody: false, hasVersion: false },
  changeIdentity: { method: 'POST', path: '/apps/{app}/devices/{device}/identity-changes', query: [], hasBody: true, hasVersion: false },
  resolveIdentity: { method: 'POST', path: '/apps/{app}/identities', query: [], hasBody: true, hasVersion: false },
  listApprovals: { method: 'GET', path: '/apps/{app}/approvals', query: ['limit', 'after', 'state', 'sort'], hasBody: false, hasVersion: false },
  findApproval: { method: 'GET', path: '/apps/{app}/approvals/{approval}', query: [], hasBody: false, hasVersion: false },
  editApproval: { method: 'PUT', path: '/apps/{app}/approvals/{approval}', query: [], hasBody: true, hasVersion: true },
  approve: { method: 'POST', path: '/apps/{app}/approvals/{approval}/approve', query: [], hasBody: true, hasVersion: false },
  reject: { method: 'POST', path: '/apps/{app}/approvals/{approval}/reject', query: [], hasBody: true, hasVersion: false },
  withdraw: { method: 'POST', path: '/apps/{app}/approvals/{approval}/withdraw', query: [], hasBody: false, hasVersion: false },
  execute: { method: 'POST', path: '/apps/{app}/approvals/{approval}/execute', query: [], hasBody: false, hasVersion: false },
  listAudit: { method: 'GET', path: '/apps/{app}/audit', query: ['limit', 'after'], hasBody: false, hasVersion: false },
  listOrganisationAudit: { method: 'GET', path: '/audit', query: ['limit', 'after'], hasBody: false, hasVersion: false },
  listUnknownOutcomes: { method: 'GET', path: '/apps/{app}/unknown-outcomes', query: [], hasBody: false, hasVersion: false },
  settleUnknownOutcome: { method: 'POST', path: '/apps/{app}/unknown-outcomes/{entry}', query: [], hasBody: true, hasVersion: false },
  issueStatementChallenge: { method: 'POST', path: '/apps/{app}/statement-challenges', query: [], hasBody: false, hasVersion: false },
  verifyStatement: { method: 'POST', path: '/apps/{app}/statements/verify', query: [], hasBody: true, hasVersion: false },
  listBindings: { method: 'GET', path: '/apps/{app}/bindings', query: ['limit', 'after', 'profile', 'device', 'number', 'live'], hasBody: false, hasVersion: false },
  listBindingAttempts: { method: 'GET', path: '/apps/{app}/binding-attempts', query: ['limit', 'after', 'open', 'state', 'profile', 'device', 'number', 'rule', 'code', 'since', 'until'], hasBody: false, hasVersion: false },
  explainBinding: { method: 'GET', path: '/apps/{app}/bindings/{attempt}', query: [], hasBody: false, hasVersion: false },
  listVmns: { method: 'GET', path: '/apps/{app}/vmns', query: [], hasBody: false, hasVersion: false },
  findNumber: { method: 'POST', path: '/apps/{app}/customer-numbers', query: [], hasBody: true, hasVersion: false },
  endBinding: { method: 'POST', path: '/apps/{app}/binding-ends', query: [], hasBody: true, hasVersion: false },
  listBindingBlocks: { method: 'GET', path: '/apps/{app}/binding-blocks', query: ['limit', 'after'], hasBody: false, hasVersion: false },
  addBindingBlock: { method: 'POST', path: '/apps/{app}/binding-blocks', query: [], hasBody: true, hasVersion: false },
  liftBindingBlock: { method: 'POST', path: '/apps/{app}/binding-block-lifts', query: [], hasBody: true, hasVersion: false },
  listPrivacyFindings: { method: 'GET', path: '/apps/{app}/privacy/findings', query: ['limit', 'after', 'state', 'kind', 'severity', 'chain'], hasBody: false, hasVersion: false },
  findPrivacyFinding: { method: 'GET', path: '/apps/{app}/privacy/findings/{finding}', query: [], hasBody: false, hasVersion: false },
  listPrivacyChains: { method: 'GET', path: '/apps/{app}/privacy/chains', query: ['limit', 'after'], hasBody: false, hasVersion: false },
  findPrivacyChain: { method: 'GET', path: '/apps/{app}/privacy/chains/{chain}', query: [], hasBody: false, hasVersion: false },
  listPrivacyStops: { method: 'GET', path: '/apps/{app}/privacy/stops', query: [], hasBody: false, hasVersion: false },
  stopPrivacyChain: { method: 'POST', path: '/apps/{app}/privacy/stops', query: [], hasBody: true, hasVersion: false },
  listPrivacyRules: { method: 'GET', path: '/apps/{app}/privacy/rules', query: [], hasBody: false, hasVersion: false },
  proposePrivacyRule: { method: 'POST', path: '/apps/{app}/privacy/rules', query: [], hasBody: true, hasVersion: false },
  privacyMatrix: { method: 'GET', path: '/apps/{app}/privacy/matrix', query: ['days'], hasBody: false, hasVersion: false },
  findPrivacySubject: { method: 'GET', path: '/apps/{app}/privacy/subjects/{subject}', query: [], hasBody: false, hasVersion: false },
  findPrivacySubjectOfDevice: { method: 'GET', path: '/apps/{app}/privacy/devices/{device}/subject', query: [], hasBody: false, hasVersion: false },
  listConsentKeys: { method: 'GET', path: '/apps/{app}/privacy/consent-keys', query: [], hasBody: false, hasVersion: false },
  decidePrivacyFinding: { method: 'POST', path: '/apps/{app}/privacy/findings/{finding}/decisions', query: [], hasBody: true, hasVersion: false },
  resumePrivacyChain: { method: 'POST', path: '/apps/{app}/privacy/resumptions', query: [], hasBody: true, hasVersion: false },
  endPrivacyRule: { method: 'POST', path: '/apps/{app}/privacy/rule-ends', query: [], hasBody: true, hasVersion: false },
  erasePrivacySubject: { method: 'POST', path: '/apps/{app}/privacy/erasures', query: [], hasBody: true, hasVersion: false },
  listDirectives: { method: 'GET', path: '/apps/{app}/directives', query: ['limit', 'after', 'state'], hasBody: false, hasVersion: false },
  draftDirective: { method: 'POST', path: '/apps/{app}/directives', query: [], hasBody: true, hasVersion: false },
  findDirective: { method: 'GET', path: '/apps/{app}/directives/{directive}', query: [], hasBody: false, hasVersion: false },
  approveDirective: { method: 'POST', path: '/apps/{app}/directives/{directive}/approve', query: [], hasBody: false, hasVersion: false },
  stageDirective: { method: 'POST', path: '/apps/{app}/directives/{directive}/stage', query: [], hasBody: false, hasVersion: true },
  haltDirective: { method: 'POST', path: '/apps/{app}/directives/{directive}/halt', query: [], hasBody: true, hasVersion: false },
  revertDirective: { method: 'POST', path: '/apps/{app}/directives/{directive}/revert', query: [], hasBody: true, hasVersion: false },
  killDirectives: { method: 'POST', path: '/apps/{app}/directive-kills', query: [], hasBody: true, hasVersion: false },
  checkPolicy: { method: 'POST', path: '/apps/{app}/policy-checks', query: [], hasBody: true, hasVersion: false },
  listPolicies: { method: 'GET', path: '/apps/{app}/policies', query: ['state'], hasBody: false, hasVersion: false },
  draftPolicy: { method: 'POST', path: '/apps/{app}/policies', query: [], hasBody: true, hasVersion: false },
  findPolicy: { method: 'GET', path: '/apps/{app}/policies/{policy}/{version}', query: [], hasBody: false, hasVersion: false },
  stepPolicy: { method: 'POST', path: '/apps/{app}/policies/{policy}/{version}/steps', query: [], hasBody: true, hasVersion: false },
  listModels: { method: 'GET', path: '/apps/{app}/models', query: [], hasBody: false, hasVersion: false },
  keepModel: { method: 'POST', path: '/apps/{app}/models', query: [], hasBody: true, hasVersion: false },
  findModel: { method: 'GET', path: '/apps/{app}/models/{model}', query: [], hasBody: false, hasVersion: false },
  activateModel: { method: 'POST', path: '/apps/{app}/model-activations', query: [], hasBody: true, hasVersion: false },
  dropModel: { method: 'POST', path: '/apps/{app}/model-drops', query: [], hasBody: true, hasVersion: false },
  listDecisionLists: { method: 'GET', path: '/apps/{app}/lists', query: [], hasBody: false, hasVersion: false },
  listDecisionListEntries: { method: 'GET', path: '/apps/{app}/lists/{list}/entries', query: ['limit', 'after'], hasBody: false, hasVersion: false },
  changeDecisionList: { method: 'POST', path: '/apps/{app}/lists/{list}/changes', query: [], hasBody: true, hasVersion: false },
  findDecisionListChange: { method: 'GET', path: '/apps/{app}/list-changes/{change}', query: [], hasBody: false, hasVersion: false },
  listDecisions: { method: 'GET', path: '/apps/{app}/decisions', query: ['fromMs', 'toMs', 'entity', 'reason', 'outcome', 'scene', 'policy', 'limit', 'after'], hasBody: false, hasVersion: false },
  findDecision: { method: 'GET', path: '/apps/{app}/decisions/{decision}', query: [], hasBody: false, hasVersion: false },
  explainDecision: { method: 'GET', path: '/apps/{app}/decisions/{decision}/why', query: [], hasBody: false, hasVersion: false },
  readDecisionRecords: { method: 'GET', path: '/apps/{app}/decision-records', query: ['fromMs', 'toMs', 'after', 'limit'], hasBody: false, hasVersion: false },
  findDecisionText: { method: 'GET', path: '/apps/{app}/decision-texts/{text}', query: [], hasBody: false, hasVersion: false },
  listClusters: { method: 'GET', path: '/apps/{app}/clusters', query: ['grade'], hasBody: false, hasVersion: false },
  findCluster: { method: 'GET', path: '/apps/{app}/clusters/{cluster}', query: [], hasBody: false, hasVersion: false },
  proposeClusterList: { method: 'POST', path: '/apps/{app}/clusters/{cluster}/list-proposals', query: [], hasBody: true, hasVersion: false },
  intelligenceStatus: { method: 'GET', path: '/intelligence', query: [], hasBody: false, hasVersion: false },
  addIntelligence: { method: 'POST', path: '/intelligence/{collection}/objects', query: [], hasBody: true, hasVersion: false },
  shareIntelligence: { method: 'POST', path: '/intelligence/{collection}/shares', query: [], hasBody: true, hasVersion: false },
  listAlertRules: { method: 'GET', path: '/apps/{app}/alert-rules', query: [], hasBody: false, hasVersion: false },
  addAlertRule: { method: 'POST', path: '/apps/{app}/alert-rules', query: [], hasBody: true, hasVersion: false },
  endAlertRule: { method: 'POST', path: '/apps/{app}/alert-rule-ends', query: [], hasBody: true, hasVersion: false },
  listAlerts: { method: 'GET', path: '/apps/{app}/alerts', query: ['limit', 'state'], hasBody: false, hasVersion: false },
  stepAlert: { method: 'POST', path: '/apps/{app}/alerts/{alert}/steps', query: [], hasBody: true, hasVersion: false },
  listCases: { method: 'GET', path: '/apps/{app}/cases', query: ['limit', 'state', 'owner'], hasBody: false, hasVersion: false },
  openCase: { method: 'POST', path: '/apps/{app}/cases', query: [], hasBody: true, hasVersion: false },
  findCase: { method: 'GET', path: '/apps/{app}/cases/{case}', query: [], hasBody: false, hasVersion: false },
  stepCase: { method: 'POST', path: '/apps/{app}/cases/{case}/steps', query: [], hasBody: true, hasVersion: false },
};
