/** Reports are kept without raw personal data: what the rules name is masked by its path, what the detectors find wherever it stands. */
import type { Report } from '@hauberk/channel';
import type { JsonValue } from '@hauberk/primitives';
import { maskJson } from '@hauberk/privacy';
import type { MaskConfig } from '../config/privacy-config.ts';

/** A report whose body is masked. Its id, kind and times are the gateway's own words and stay. */
export const maskedReport = ({ rules, without }: MaskConfig, report: Report): Report => {
  const own = rules.filter(({ report: kind }) => kind === undefined || kind === report.kind);
  const body = maskJson(report.body as JsonValue, { rules: own, without });
  return { ...report, body: body as Report['body'] };
};
