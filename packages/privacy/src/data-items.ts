/**
 * What can be known of a person, as data. The class is our reading of JR/T 0171-2020: C3 authenticates a user, C2 identifies
 * one or tells of the money, C1 is for use inside the institution. A deployment that reads it otherwise keeps its own table.
 */

/** Sensitivity classes, least sensitive first. */
export const dataClasses = ['C1', 'C2', 'C3'] as const;
/** C1, C2 or C3. */
export type DataClass = (typeof dataClasses)[number];
/** Categories that the law protects beyond the class: GDPR article 9, PIPL article 28. */
export type SpecialCategory = 'gdpr-9' | 'pipl-28';

/** One kind of personal data. */
export interface DataItem {
  readonly id: string;
  readonly class: DataClass;
  readonly special: readonly SpecialCategory[];
  /** It names a device or an installation over time; several of them together are a fingerprint. */
  readonly isIdentifier: boolean;
  /** The person cannot change it short of buying another device. */
  readonly isImmutable: boolean;
  readonly english: string;
  readonly chinese: string;
}

type Mark = 'g' | 'p' | 'i' | 'f';
type Row = readonly [
  id: string,
  dataClass: DataClass,
  marks: '' | `${Mark}` | `${Mark}${Mark}`,
  english: string,
  chinese: string,
];

// Marks: g GDPR article 9, p PIPL article 28, i identifier, f immutable.
const rows = [
  ['account-password', 'C3', 'p', 'account password or payment PIN', '账户密码或支付密码'],
  ['card-verification', 'C3', 'p', 'card verification value or expiry', '银行卡验证码或有效期'],
  ['fingerprint', 'C3', 'gp', 'fingerprint', '指纹'],
  ['face', 'C3', 'gp', 'facial image used to recognise', '人脸识别信息'],
  ['voiceprint', 'C3', 'gp', 'voiceprint', '声纹'],
  ['one-time-code', 'C2', '', 'one-time code or SMS code', '动态口令或短信验证码'],
  ['account-number', 'C2', 'p', 'account or card number', '账号或卡号'],
  ['balance', 'C2', 'p', 'balance and assets', '余额与资产'],
  ['transaction', 'C2', 'p', 'transaction record', '交易记录'],
  ['name', 'C2', '', 'name', '姓名'],
  ['identity-document', 'C2', 'p', 'number or image of an identity document', '证件号码或影像'],
  ['phone-number', 'C2', '', 'phone number', '手机号码'],
  ['email', 'C2', '', 'e-mail address', '电子邮箱'],
  ['postal-address', 'C2', '', 'postal address', '通信地址'],
  ['account-profile', 'C2', '', 'profile at the platform (nickname, picture)', '平台账号资料'],
  ['platform-open-id', 'C2', 'i', 'user id at the platform', '平台用户标识'],
  ['precise-location', 'C2', 'p', 'precise location', '精确位置'],
  ['coarse-location', 'C1', '', 'coarse location', '粗略位置'],
  ['contacts', 'C2', '', 'address book', '通讯录'],
  ['calendar', 'C2', '', 'calendar', '日历'],
  ['sms', 'C2', '', 'text messages', '短信'],
  ['call-log', 'C2', '', 'call log', '通话记录'],
  ['images', 'C2', '', 'pictures and albums', '图片与相册'],
  ['video', 'C2', '', 'video and camera', '视频与摄像头'],
  ['audio', 'C2', '', 'microphone and recordings', '麦克风与录音'],
  ['files', 'C2', '', 'files of the user', '用户文件'],
  ['clipboard', 'C2', '', 'clipboard', '剪贴板'],
  ['health', 'C2', 'gp', 'health and steps', '健康与步数'],
  ['motion-sensor', 'C1', '', 'motion and orientation sensors', '运动与方向传感器'],
  ['imei', 'C2', 'if', 'IMEI or MEID', '国际移动设备识别码'],
  ['imsi', 'C2', 'i', 'IMSI or ICCID', '用户识别码或集成电路卡识别码'],
  ['mac-address', 'C2', 'if', 'MAC address', '网卡地址'],
  ['serial-number', 'C2', 'if', 'serial number of the device', '设备序列号'],
  ['android-id', 'C2', 'i', 'Android ID or vendor id', '安卓标识或厂商标识'],
  ['advertising-id', 'C2', 'i', 'advertising id (OAID, IDFA, GAID)', '广告标识'],
  ['installation-id', 'C1', 'i', 'id of the installation, cookie or storage', '安装标识、Cookie 或本地存储标识'],
  ['wifi-network', 'C2', '', 'SSID, BSSID and neighbouring networks', '无线网络信息'],
  ['bluetooth-neighbours', 'C2', '', 'Bluetooth devices nearby', '附近蓝牙设备'],
  ['network-address', 'C1', '', 'IP address and network type', 'IP 地址与网络类型'],
  ['device-profile', 'C1', '', 'model, system, screen, language', '设备型号、系统、屏幕与语言'],
  ['rendering-profile', 'C1', 'i', 'canvas, WebGL, audio and font rendering', '画布、图形、音频与字体特征'],
  ['media-device-list', 'C1', 'i', 'list of cameras and microphones', '媒体设备列表'],
  ['battery', 'C1', '', 'battery state', '电池状态'],
  ['installed-apps', 'C2', '', 'list of installed or running apps', '已安装或运行中的应用列表'],
  ['browsing-history', 'C2', '', 'browsing and search history', '浏览与搜索记录'],
  ['app-log', 'C1', '', 'log of use and crashes', '应用日志'],
] as const;

/** The id of a data item. */
export type DataItemId = (typeof rows)[number][0];

const itemOf = ([id, dataClass, marks, english, chinese]: Row): DataItem => ({
  id,
  class: dataClass,
  special: [...(marks.includes('g') ? ['gdpr-9' as const] : []), ...(marks.includes('p') ? ['pipl-28' as const] : [])],
  isIdentifier: marks.includes('i'),
  isImmutable: marks.includes('f'),
  english,
  chinese,
});

/** Every data item by its id. */
export const dataItems: ReadonlyMap<string, DataItem> = new Map(rows.map((row) => [row[0], itemOf(row)]));

/** Whether a text names a data item. */
export const isDataItemId = (text: string): text is DataItemId => dataItems.has(text);
