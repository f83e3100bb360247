/** What phones of the usual makers can attest, as far as it is known without owning them: planning data, and never an input of a verdict. */
import type { EvidenceKind } from './appraisal-context.ts';

/** How sure an entry is. `documented`: the platform's maker says so; `expected`: it follows from requirements; `unknown`: try it. */
export type Certainty = 'documented' | 'expected' | 'unknown' | 'absent';

/** One system of one maker. */
export interface DeviceFamily {
  readonly brand: 'Huawei' | 'Honor' | 'Apple' | 'Xiaomi' | 'OPPO' | 'vivo';
  readonly system: string;
  readonly googleServices: boolean;
  /** Kinds that are not named are absent. */
  readonly evidence: Partial<Readonly<Record<EvidenceKind, Certainty>>>;
  /** Key Attestation, App Attest or HUKS first; `software` where nothing else can be relied on. */
  readonly first: EvidenceKind;
  readonly remark: string;
}

const withGoogle = { 'android-key': 'documented', 'play-integrity': 'documented', webauthn: 'documented' } as const;
const withoutGoogle = { 'android-key': 'expected', webauthn: 'unknown' } as const;

/** The matrix. */
export const deviceFamilies: readonly DeviceFamily[] = [
  {
    brand: 'Huawei',
    system: 'HarmonyOS 5 and later',
    googleServices: false,
    evidence: { huks: 'documented', webauthn: 'unknown' },
    first: 'huks',
    remark: 'no Android apps; IFAA is the platform’s own local login',
  },
  {
    brand: 'Huawei',
    system: 'HarmonyOS 2 to 4, EMUI without Google services',
    googleServices: false,
    evidence: { 'android-key': 'unknown', webauthn: 'unknown' },
    first: 'android-key',
    remark: 'the chain may end at a root of Huawei’s: refused until the operator adds that key as an anchor',
  },
  {
    brand: 'Honor',
    system: 'MagicOS, China',
    googleServices: false,
    evidence: withoutGoogle,
    first: 'android-key',
    remark: 'Key Attestation needs no Google service on the phone',
  },
  {
    brand: 'Honor',
    system: 'MagicOS, global',
    googleServices: true,
    evidence: withGoogle,
    first: 'android-key',
    remark: '',
  },
  {
    brand: 'Apple',
    system: 'iOS 14 to 26',
    googleServices: false,
    evidence: { 'app-attest': 'documented', webauthn: 'documented' },
    first: 'app-attest',
    remark: 'attests the app, and a key that signs assertions only; the device key is bound by the challenge',
  },
  {
    brand: 'Apple',
    system: 'iOS 27',
    googleServices: false,
    evidence: { 'app-attest': 'documented', webauthn: 'documented' },
    first: 'app-attest',
    remark: 'attests category and version of the build too',
  },
  {
    brand: 'Xiaomi',
    system: 'HyperOS and MIUI, China',
    googleServices: false,
    evidence: withoutGoogle,
    first: 'android-key',
    remark: 'Google services can be switched on by the user; do not count on them',
  },
  {
    brand: 'Xiaomi',
    system: 'HyperOS and MIUI, global',
    googleServices: true,
    evidence: withGoogle,
    first: 'android-key',
    remark: '',
  },
  {
    brand: 'OPPO',
    system: 'ColorOS, China',
    googleServices: false,
    evidence: withoutGoogle,
    first: 'android-key',
    remark: 'as Xiaomi’s',
  },
  {
    brand: 'OPPO',
    system: 'ColorOS, global',
    googleServices: true,
    evidence: withGoogle,
    first: 'android-key',
    remark: '',
  },
  {
    brand: 'vivo',
    system: 'OriginOS, China',
    googleServices: false,
    evidence: withoutGoogle,
    first: 'android-key',
    remark: 'as Xiaomi’s',
  },
  {
    brand: 'vivo',
    system: 'Funtouch OS and OriginOS, global',
    googleServices: true,
    evidence: withGoogle,
    first: 'android-key',
    remark: '',
  },
];
