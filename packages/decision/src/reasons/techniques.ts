/**
 * Techniques of fraud that scenes, rules and cases name: ids of the MITRE Fight Fraud Framework v1.1 (F…, and the T… that it takes over) and of MITRE
 * ATT&CK for Mobile. What each is, is told in our own words.
 */

/** Where an id comes from. */
export type TechniqueSource = 'f3' | 'attack-mobile';

/** A technique. */
export interface Technique {
  readonly source: TechniqueSource;
  readonly en: string;
  readonly zh: string;
}

const f3 = (en: string, zh: string): Technique => ({ source: 'f3', en, zh });
const mobile = (en: string, zh: string): Technique => ({ source: 'attack-mobile', en, zh });

/** Techniques by id. */
export const techniques: ReadonlyMap<string, Technique> = new Map(
  Object.entries({
    F1002: f3('an open interface used by programs', '程序滥用公开接口'),
    'F1002.001': f3('the interface of the app called without the app', '脱离应用调用移动接口'),
    'F1002.002': f3('the interface of the web called by bots', '机器人调用网页接口'),
    F1003: f3('SMS codes asked for by the thousand', '恶意消耗短信验证码'),
    F1004: f3('a stolen session used again', '重放被盗会话'),
    F1005: f3('settings of an account changed for a fraud', '为欺诈修改账户设置'),
    'F1005.001': f3('an account linked to the thief’s own', '关联他人账户'),
    'F1005.004': f3('number, PIN or limits of the account changed', '修改手机号、密码、限额'),
    'F1005.005': f3('alerts to the owner switched off', '关闭客户提醒'),
    'F1005.006': f3('where payments go is changed', '修改收付款信息'),
    'F1005.007': f3('features opened that the owner did not want', '开通客户未申请的功能'),
    F1006: f3('an account taken over', '账户盗用'),
    'F1006.002': f3('an account taken over with a leaked password', '撞库盗号'),
    'F1006.003': f3('an account taken over by resetting its password', '重置密码盗号'),
    F1009: f3('deposits that will not hold', '虚假存入'),
    F1011: f3('card data collected', '收集卡片信息'),
    F1012: f3('cards tried out', '测试银行卡'),
    'F1017.001': f3('cashing out', '提取现金'),
    'F1020.001': f3('forged papers', '伪造材料'),
    F1021: f3('a merchant that sells nothing', '虚假商户'),
    F1023: f3('a device that pretends to be another', '伪造设备指纹'),
    F1024: f3('a good purchase disputed', '恶意争议'),
    F1025: f3('money moved on by transfer', '电子转账转移资金'),
    'F1025.001': f3('money moved on between persons', '个人间转账转移资金'),
    F1027: f3('forged business papers', '伪造企业材料'),
    F1028: f3('goods bought with what is not theirs', '欺诈性消费'),
    F1029: f3('data of customers collected', '收集客户信息'),
    F1030: f3('a false place', '伪造位置'),
    F1031: f3('somebody plays the customer', '冒充客户'),
    F1032: f3('somebody plays an official', '冒充公检法或客服'),
    F1035: f3('stolen post', '截取邮件'),
    F1037: f3('payment by a copied or relayed card', '近场支付盗刷'),
    F1041: f3('a PIN watched', '偷窥密码'),
    F1042: f3('a dormant account woken', '激活睡眠账户'),
    F1043: f3('a transaction taken back', '恶意撤销交易'),
    F1044: f3('standing orders that drain', '预约转账盗转'),
    F1045: f3('sums split to stay small', '拆分交易'),
    F1046: f3('small payments that try the limits', '小额试探'),
    F1047: f3('money moved out of the account', '盗转资金'),
    F1048: f3('virtual cards thrown away after use', '滥用虚拟卡'),
    T1110: f3('passwords tried', '暴力破解'),
    'T1110.003': f3('one password tried on many accounts', '密码喷洒'),
    'T1110.004': f3('leaked passwords tried', '撞库'),
    T1111: f3('a second factor caught on its way', '截获验证码'),
    T1219: f3('remote control of the phone', '远程控制'),
    T1451: f3('the number moved to another SIM', '换卡劫持'),
    T1453: f3('accessibility services abused', '滥用无障碍服务'),
    T1531: f3('the owner locked out', '将客户锁在账户外'),
    T1539: f3('a session stolen', '窃取会话'),
    'T1550.001': f3('a stolen access token', '盗用访问令牌'),
    T1557: f3('somebody between the two ends', '中间人'),
    'T1583.003': f3('rented addresses to hide behind', '租用代理隐藏来源'),
    T1585: f3('accounts opened in bulk', '批量注册账户'),
    T1621: f3('requests to approve until somebody does', '轰炸式认证请求'),
    T1660: f3('phishing', '网络钓鱼'),
    T1404: mobile('more rights than an app should have', '提权'),
    T1417: mobile('input caught', '输入捕获'),
    T1513: mobile('the screen captured', '屏幕捕获'),
    T1516: mobile('input injected', '注入输入'),
    T1582: mobile('SMS read or written by another app', '控制短信'),
    T1617: mobile('hooks in the app', '钩子注入'),
    T1633: mobile('virtual devices', '虚拟设备'),
    T1638: mobile('somebody between the two ends of the phone', '移动端中间人'),
    T1661: mobile('an app that was changed before installation', '篡改应用版本'),
  }),
);
