/**
 * Clauses as data: the id within its source, the source's version, and one line in our own words. The texts themselves are
 * not here: they are sold, or licensed otherwise. A finding is evidence for a clause, never a claim of compliance.
 */

/** Where a clause comes from. */
export interface ClauseSource {
  readonly title: string;
  /** Edition, number or date of the text that the ids below refer to. */
  readonly version: string;
  /** `contents`: ids seen in a published text or its table of contents; `recalled`: check them before citing. */
  readonly basis: 'contents' | 'recalled';
}

/** Every source by its id. */
export const clauseSources = {
  'gbt-35273': { title: 'GB/T 35273 personal information security specification', version: '2020', basis: 'recalled' },
  'gbt-41391': {
    title: 'GB/T 41391 basic requirements for apps collecting personal information',
    version: '2022',
    basis: 'contents',
  },
  'miit-164': { title: 'MIIT notice on apps infringing user rights', version: '2020-164', basis: 'contents' },
  'miit-337': { title: 'MIIT special rectification of apps', version: '2019-337', basis: 'recalled' },
  'order-191': { title: 'Method of identifying unlawful collection by apps', version: '2019-191', basis: 'contents' },
  'taf-077': { title: 'T/TAF 077 minimum necessary collection, by data type', version: '2020', basis: 'contents' },
  'taf-078': { title: 'T/TAF 078 user rights protection, by behaviour', version: '2020', basis: 'contents' },
  pipl: { title: 'Personal Information Protection Law of the PRC', version: '2021-11-01', basis: 'contents' },
  gdpr: { title: 'Regulation (EU) 2016/679', version: '2016/679', basis: 'contents' },
  masvs: { title: 'OWASP MASVS, control group PRIVACY', version: '2.1.0', basis: 'contents' },
} as const;
/** The id of a source. */
export type ClauseSourceId = keyof typeof clauseSources;

/** Our paraphrase of each clause, by `source:number`. */
export const clauses = {
  'gbt-35273:5.1': 'collect lawfully; no deceit, no hidden collection',
  'gbt-35273:5.2': 'collect no more, and no more often, than the function needs',
  'gbt-35273:5.3': 'functions are chosen one by one; refusing one does not lose the others',
  'gbt-35273:5.4': 'consent before collection, explicit for sensitive data',
  'gbt-35273:5.5': 'a policy tells what is collected, why, and by whom',
  'gbt-35273:9.7': 'third parties that are built in are managed and named',
  'gbt-41391:6.1': 'the smallest scope, amount and frequency',
  'gbt-41391:6.2': 'necessary information by type of service',
  'gbt-41391:6.3': 'special types of information',
  'gbt-41391:6.4': 'notice and consent',
  'gbt-41391:6.5': 'system permissions only as a function needs them',
  'gbt-41391:6.6': 'third-party code is told of and held to the same limits',
  'gbt-41391:F': 'device ids that cannot be changed',
  'miit-164:1.1': 'no collection without notice and consent',
  'miit-164:1.2': 'no collection beyond scope, in silence or in the background',
  'miit-164:1.3': 'no use or sharing that the user was not told of',
  'miit-164:1.4': 'targeting can be refused',
  'miit-164:2.1': 'permissions are not forced, nor asked for again and again',
  'miit-164:2.2': 'no self-start or chain-start',
  'miit-337:1': 'no private collection',
  'miit-337:2': 'no collection beyond scope',
  'miit-337:3': 'no private sharing with third parties',
  'order-191:2.1': 'the collectors and their purposes are listed, SDKs too',
  'order-191:3.1': 'nothing is collected before consent',
  'order-191:3.2': 'nothing is collected after refusal, and nobody is pestered',
  'order-191:3.3': 'nothing beyond what was granted',
  'order-191:4.1': 'nothing unrelated to the functions offered',
  'order-191:5.1': 'nothing leaves for a third party without consent',
  'taf-077:3': 'pictures',
  'taf-077:4': 'contacts',
  'taf-077:5': 'device information',
  'taf-077:6': 'list of apps',
  'taf-077:8': 'video',
  'taf-077:9': 'text messages',
  'taf-077:14': 'app log',
  'taf-077:20': 'browsing history',
  'taf-078:1': 'collection beyond scope',
  'taf-078:3': 'acquisition of data',
  'taf-078:4': 'asking for permissions',
  'taf-078:5': 'unlawful use',
  'taf-078:10': 'self-start and chain-start',
  'pipl:6': 'a clear purpose and the smallest scope',
  'pipl:13': 'a lawful ground, mostly consent',
  'pipl:14': 'consent is informed, free and explicit, and given anew when the purpose changes',
  'pipl:15': 'consent can be withdrawn as easily as given',
  'pipl:16': 'refusing does not lose a service that can do without',
  'pipl:17': 'notice before processing',
  'pipl:23': 'separate consent before data goes to another processor',
  'pipl:28': 'sensitive data only for a specific and necessary purpose',
  'pipl:29': 'separate consent for sensitive data',
  'pipl:38': 'conditions of transfer abroad',
  'gdpr:5(1)(c)': 'data minimisation',
  'gdpr:6': 'a lawful basis',
  'gdpr:7(1)': 'consent can be shown',
  'gdpr:7(3)': 'consent can be withdrawn as easily as given',
  'gdpr:9': 'special categories need one of the listed grounds',
  'gdpr:13': 'the person is told, recipients included',
  'gdpr:25': 'protection by design and by default',
  'gdpr:32': 'security of processing',
  'masvs:PRIVACY-1': 'the app asks for as little as it can',
  'masvs:PRIVACY-2': 'the app does not make its user recognisable without need',
  'masvs:PRIVACY-3': 'the app says what it collects',
  'masvs:PRIVACY-4': 'the user decides over the data',
} as const;
/** The id of a clause. */
export type ClauseId = keyof typeof clauses;

/** The source of a clause. */
export const sourceOf = (clause: ClauseId): ClauseSource =>
  clauseSources[clause.slice(0, clause.indexOf(':')) as ClauseSourceId];
