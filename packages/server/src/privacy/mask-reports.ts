/** Reports are kept without raw personal data: what the rules name is masked by its path, what the detectors find wherever it stands. */
import type { Report } from '@hauberk/channel';
import type { JsonValue } from '@hauberk/primitives';
import { compileMask, type Mask } from '@hauberk/privacy';
import type { MaskConfig } from '../config/privacy-config.ts';

/** Masks the body of a report. Its id, kind and times are the gateway's own words and stay. */
export type ReportMask = (report: Report) => Report;

/** The masks of a configuration: one for each kind that a rule names, one for all others. */
export const reportMask = ({ rules, without }: MaskConfig): ReportMask => {
  const maskOf = (kind?: string): Mask =>
    compileMask({ rules: rules.filter(({ report }) => report === undefined || report === kind), without });
  const named = new Map(
    rules.flatMap(({ report }) => (report === undefined ? [] : [[report, maskOf(report)] as const])),
  );
  const others = maskOf();
  return (report) => {
    const mask = named.get(report.kind) ?? others;
    return { ...report, body: mask(report.body as JsonValue) as Report['body'] };
  };
};
