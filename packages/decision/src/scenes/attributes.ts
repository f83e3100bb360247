/**
 * What the events of a scene may tell beside their entities and their amount. One name has one type and one meaning in every scene; policies ask for it
 * as `attr.NAME`. No attribute is a country: where somebody is counts only by how it changed, and that the engine works out itself.
 */

/** A value that an event may carry. `text` values are short codes, never what a customer wrote. */
export interface SceneAttribute {
  readonly type: 'number' | 'text' | 'truth';
  readonly en: string;
  readonly zh: string;
}

const number = (en: string, zh: string): SceneAttribute => ({ type: 'number', en, zh });
const text = (en: string, zh: string): SceneAttribute => ({ type: 'text', en, zh });
const truth = (en: string, zh: string): SceneAttribute => ({ type: 'truth', en, zh });

/** Attributes by name. */
export const sceneAttributes: Readonly<Record<string, SceneAttribute>> = {
  secondsInScene: number('seconds from opening the page to this request', '从打开页面到本次请求的秒数'),
  pastedFields: number('fields of the form that were pasted', '表单中粘贴填写的字段数'),
  corrections: number('times that a field was corrected', '字段被修改的次数'),
  factor: text(
    'how the customer confirmed: none, password, pin, sms, biometric, device-key',
    '客户确认方式：无、密码、PIN、短信、生物识别、设备密钥',
  ),
  attempts: number('tries in this flow so far, this one included', '本流程已尝试次数（含本次）'),
  succeeded: truth('whether the step before this event succeeded', '此前一步是否成功'),
  accountAgeDays: number('days since the account was opened', '开户至今天数'),
  dormantDays: number('days since the account last moved money', '账户上次动账至今天数'),
  balanceMinor: number('balance before, in minor units', '操作前余额（最小货币单位）'),
  hoursSincePasswordChange: number('hours since the password or PIN was changed', '距上次修改密码小时数'),
  hoursSincePhoneChange: number('hours since the phone number was changed', '距上次修改手机号小时数'),
  hoursSinceDeviceBind: number('hours since this device was bound', '距本设备绑定小时数'),
  hoursSinceLimitRaise: number('hours since a limit was raised', '距上次提高限额小时数'),
  isSavedPayee: truth('whether the payee was saved before', '收款人是否已保存'),
  payeeAgeDays: number('days since the payee was saved', '收款人保存至今天数'),
  payeeNameMatches: truth('whether the name fits the payee account', '收款人姓名与账号是否相符'),
  payeeKind: text('own, person, merchant, public', '收款方类型：本人、个人、商户、公共机构'),
  rail: text('instant, wire, card, wallet', '通道：实时、电汇、银行卡、钱包'),
  isScheduled: truth('whether it repeats or is due later', '是否定期或延后执行'),
  limitMinor: number('limit in force, in minor units', '当前限额（最小货币单位）'),
  usedTodayMinor: number('used of the limit today, in minor units', '今日已用限额（最小货币单位）'),
  newLimitMinor: number('limit that is asked for, in minor units', '申请的新限额（最小货币单位）'),
  changedField: text(
    'what is changed: email, address, name, notification, question',
    '修改的内容：邮箱、地址、姓名、通知、密保',
  ),
  notificationsOff: truth('whether alerts to the customer are switched off', '是否关闭了客户提醒'),
  merchantCategory: text('category code of the merchant', '商户类别码'),
  merchantAgeDays: number('days since the merchant was admitted', '商户入网至今天数'),
  qrKind: text('static, dynamic, shown', '二维码类型：静态、动态、付款码'),
  qrAgeSeconds: number('age of the code when it was used', '二维码使用时的时长（秒）'),
  cardNameMatches: truth('whether the card is in the name of the customer', '卡片户名是否与客户相符'),
  isPayoutToOwnAccount: truth('whether the money goes to an account of the customer', '资金是否转入客户本人账户'),
  phoneTenureDays: number('days that the customer has had the number', '客户使用该号码的天数'),
  phoneNameMatches: truth('whether the operator knows the number by this name', '运营商核验姓名是否相符'),
  simAgeHours: number('hours since the SIM of the number was changed', '距号码换卡小时数'),
  paperKind: text('kind of document: identity, income, licence, statement', '材料类型：身份、收入、执照、流水'),
  paperScore: number('how genuine the document check finds it, 0 to 100', '材料核验真实性得分，0 到 100'),
  paperNameMatches: truth('whether the document is in the name of the customer', '材料姓名是否与客户相符'),
  isFromCamera: truth('whether the picture came from the live camera', '图像是否来自实时摄像头'),
  faceScore: number('likeness to the picture on record, 0 to 100', '人脸比对相似度，0 到 100'),
  livenessScore: number('how alive the face check finds it, 0 to 100', '活体检测得分，0 到 100'),
  declaredIncomeMinor: number('income a month as declared, in minor units', '申报月收入（最小货币单位）'),
  debtShare: number('monthly debt over monthly income', '月负债与月收入之比'),
  bureauScore: number('score of the credit bureau', '征信评分'),
  applicationsElsewhere: number('applications to other lenders in 30 days', '近 30 天在其他机构的申请数'),
  employerApplications: number('applications naming this employer in 30 days', '近 30 天同一单位的申请数'),
  termMonths: number('term of the loan in months', '贷款期限（月）'),
  hoursSinceSign: number('hours since the loan was signed', '距签约小时数'),
  hoursSinceDrawdown: number('hours since the money was paid out', '距放款小时数'),
  couponValueMinor: number('worth of the coupon, in minor units', '优惠券面值（最小货币单位）'),
  isNewCustomerOffer: truth('whether the offer is for new customers', '是否为新客专享'),
  inviterOffers: number('rewards that the inviter got in 7 days', '邀请人近 7 天获得奖励数'),
  itemsWanted: number('pieces in this order', '本单件数'),
  msAfterOpening: number('milliseconds from the opening of the sale', '距开售的毫秒数'),
  pointsValueMinor: number('worth of the points, in minor units', '积分价值（最小货币单位）'),
  pageNumber: number('which page of the list is asked for', '查询的页码'),
  rangeDays: number('days that the query covers', '查询覆盖天数'),
  isOwnAccount: truth('whether the account asked for belongs to the customer', '查询账户是否属于本人'),
  refundAgeDays: number('days since the purchase', '距购买天数'),
  packets: number('red packets in this act', '本次红包个数'),
  topic: text('topic of the enquiry: general, reset, limit, complaint', '咨询主题：一般、重置、限额、投诉'),
  startedBy: text('who began it: customer, staff', '发起方：客户、员工'),
  purpose: text('purpose code of a consent or payment', '授权或支付用途代码'),
  biometricKind: text('fingerprint, face, voice', '生物识别类型：指纹、人脸、声纹'),
  productRisk: number('risk grade of the product, 1 to 5', '产品风险等级，1 到 5'),
  customerRisk: number('risk grade of the customer, 1 to 5', '客户风险承受等级，1 到 5'),
};

/** Kinds of entities that events of the scenes name; each has a profile. Ids are keyed hashes before they are kept. */
export const sceneEntities = {
  device: { en: 'the device that the server knows', zh: '服务端识别的设备' },
  account: { en: 'the account of the customer', zh: '客户账户' },
  session: { en: 'the session', zh: '会话' },
  address: { en: 'the network address', zh: '网络地址' },
  phone: { en: 'a phone number', zh: '手机号' },
  card: { en: 'a payment card', zh: '支付卡' },
  payee: { en: 'who is paid', zh: '收款方' },
  merchant: { en: 'a merchant', zh: '商户' },
  paper: { en: 'a document, by its number or picture digest', zh: '证件材料（编号或图像摘要）' },
  face: { en: 'a face template, by its digest', zh: '人脸模板摘要' },
  employer: { en: 'an employer named in an application', zh: '申请所填单位' },
  inviter: { en: 'the customer who invited', zh: '邀请人' },
  coupon: { en: 'a campaign or coupon', zh: '活动或优惠券' },
  item: { en: 'a ticket, product or fund', zh: '票券、商品或产品' },
} as const;
/** The kind of an entity. */
export type SceneEntity = keyof typeof sceneEntities;
