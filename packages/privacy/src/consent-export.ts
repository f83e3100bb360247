/** Consent events as JSON-LD in the words of the W3C Data Privacy Vocabulary, for people and tools outside. */
import type { JsonValue } from '@hauberk/primitives';
import type { ConsentEvent } from './consent-event.ts';

const statuses = { given: 'ConsentGiven', refused: 'ConsentRefused', withdrawn: 'ConsentWithdrawn' } as const;

/** RFC 3339 text of an instant, from days and milliseconds alone (Gregorian, UTC, years 1970 to 9999). */
export const instantText = (at: number): string => {
  const day = Math.floor(at / 86_400_000);
  const rest = at - day * 86_400_000;
  // Civil date of a day number, with years that begin in March so that the leap day comes last.
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const year = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const pad = (value: number, width = 2): string => String(Math.floor(value)).padStart(width, '0');
  const date = `${pad(year + era * 400 + (month <= 2 ? 1 : 0), 4)}-${pad(month)}-${pad(dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1)}`;
  return `${date}T${pad(rest / 3_600_000)}:${pad((rest / 60_000) % 60)}:${pad((rest / 1000) % 60)}.${pad(rest % 1000, 3)}Z`;
};

/** One document for many events. What DPV has no word for stands under `hauberk:`. */
export const exportConsent = (events: readonly ConsentEvent[]): JsonValue => ({
  '@context': { dpv: 'https://w3id.org/dpv#', dct: 'http://purl.org/dc/terms/', hauberk: 'urn:hauberk:consent:' },
  '@graph': events.map((event, index) => ({
    '@id': `urn:hauberk:consent:${encodeURIComponent(event.recordId)}:${index}`,
    '@type': 'dpv:ConsentRecord',
    'dct:conformsTo': 'ISO/IEC TS 27560:2023',
    'dct:identifier': event.recordId,
    'dct:created': instantText(event.at),
    ...(event.expiresAt === null ? {} : { 'dct:valid': instantText(event.expiresAt) }),
    'dpv:hasDataSubject': event.principal,
    'dpv:hasDataController': event.controller,
    'dpv:hasJurisdiction': event.jurisdiction,
    'dpv:hasConsentStatus': `dpv:${statuses[event.state]}`,
    'dpv:hasNotice': {
      'dct:identifier': event.notice.id,
      'dct:language': event.notice.language,
      'hauberk:sha256': event.notice.hash,
    },
    'hauberk:sdkList': event.sdkListHash,
    'hauberk:channel': event.channel,
    'dpv:hasProcess': event.purposes.map(({ purpose, items, method, recipients, retentionDays }) => ({
      'dpv:hasPurpose': `hauberk:${purpose}`,
      'dpv:hasPersonalData': items.map((item) => `hauberk:${item}`),
      'dpv:hasLegalBasis': method === 'explicit' ? 'dpv:ExplicitlyExpressedConsent' : 'dpv:ExpressedConsent',
      'dpv:hasRecipient': [...recipients],
      'hauberk:retentionDays': retentionDays,
    })),
  })),
});
