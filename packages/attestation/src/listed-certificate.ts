/** Whether evidence that was accepted once would be refused now, because a certificate of its chain has come onto a list since. */
import { serialKey } from './android-revocation.ts';
import type { DeviceEvidence, Revocations } from './appraisal-context.ts';
import { readCertificates } from './x509.ts';

/** Why it would be refused. */
export type ListedCode = 'CERTIFICATE_REVOKED' | 'CERTIFICATE_SUSPENDED';

/** Looks the certificates of evidence up; of Android's all but the leaf, whose serial number is the phone's own choice. */
export const listedCertificate = (evidence: DeviceEvidence, revocations: Revocations): ListedCode | undefined => {
  if (evidence.kind !== 'android-key' && evidence.kind !== 'huks') return undefined;
  const isAndroid = evidence.kind === 'android-key';
  const list = isAndroid ? revocations.android : revocations.huks;
  const chain = readCertificates(evidence.certificates);
  if (list === undefined || chain === undefined) return undefined;
  const statuses = chain.slice(isAndroid ? 1 : 0).map(({ serial }) => list.statuses.get(serialKey(serial)));
  if (statuses.includes('SUSPENDED')) return 'CERTIFICATE_SUSPENDED';
  return statuses.some((status) => status !== undefined) ? 'CERTIFICATE_REVOKED' : undefined;
};
