/**
 * Reasons of a model: what a feature tells, for those that moved a score most. Features are facts with dotted names; a row holds for every kind of entity,
 * and codes stay the same whatever model is in force.
 */
import { type Reason, reason } from './reason.ts';

/** Rows of the table. */
export const modelReasons: readonly Reason[] = [
  reason('model.amount', 'The amount is unusual.', '金额异常。', ['F1047']),
  reason(
    'model.amount-habit',
    'The amount does not fit what this customer or device usually does.',
    '金额与以往习惯不符。',
    ['F1047'],
  ),
  reason('model.sum', 'A great deal was moved lately.', '近期资金往来较大。', ['F1045']),
  reason('model.burst', 'It happened unusually often lately.', '近期频率异常。', ['F1002']),
  reason('model.spread', 'Unusually many different ones were involved lately.', '近期关联对象数量异常。', ['F1006']),
  reason('model.hour', 'The time of day is unusual.', '发生时间异常。', ['F1006']),
  reason('model.young', 'It is hardly known yet, or was seen again after long.', '首次出现或久未出现。', ['F1006']),
  reason('model.known-fraud', 'Fraud was confirmed there before.', '此前有已确认的欺诈。', ['F1047']),
  reason('model.device', 'What the device shows of itself.', '设备状态异常。', ['F1023']),
  reason('model.channel', 'How the request came in.', '请求的接入方式异常。', ['F1002.001']),
  reason('model.cluster', 'Which devices it acts together with.', '与其他设备的关联行为。', ['T1585']),
  reason('model.signal', 'What the checks on the phone found.', '手机检测发现的问题。', ['F1023']),
  reason('model.form', 'What was told in the request itself.', '请求内容异常。', ['F1031']),
  reason('model.other', 'Something else that the model looks at.', '模型的其他依据。', ['F1006']),
];

/** The first row that fits counts. */
const rows: readonly (readonly [form: RegExp, code: string])[] = [
  [/\.(?:frauds|fraudRate)\d|\.(?:fraudShare|sinceFraud|sinceEpisode|episodeFrauds|cleanRun)$/, 'model.known-fraud'],
  [/\.(?:amountOverMean|outliers)\d|\.(?:outliersShare14d|surprise|usualAmount)$/, 'model.amount-habit'],
  [/\.sum\d/, 'model.sum'],
  [/\.distinct\./, 'model.spread'],
  [/\.count\d/, 'model.burst'],
  [/\.hourShare$|^(?:event\.|utc\.)?(?:hour|weekday|minuteOfDay)$/, 'model.hour'],
  [/\.(?:age|sinceLast|isNew|ageHours|idleHours)$/, 'model.young'],
  [/^(?:amount|event\.amountMinor)$/, 'model.amount'],
  [/^channel\./, 'model.channel'],
  [/^cluster\./, 'model.cluster'],
  [/^signals?\./, 'model.signal'],
  [/^(?:device|identity|binding)\./, 'model.device'],
  [/^attr\./, 'model.form'],
];

/** The reason code of a feature, by its name. */
export const featureReason = (feature: string): string =>
  rows.find(([form]) => form.test(feature))?.[1] ?? (feature.includes('.') ? 'model.other' : 'model.form');
