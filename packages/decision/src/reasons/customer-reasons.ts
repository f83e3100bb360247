/** Reasons that lie in who acts, with what papers, and where money goes. */
import { type Reason, reason } from './reason.ts';

/** Rows of the table. */
export const customerReasons: readonly Reason[] = [
  // Login and codes
  reason('many-tries', 'It was tried too often.', '尝试次数过多。', ['T1110']),
  reason('codes-flood', 'Too many codes were sent to this number.', '向该号码发送的验证码过多。', ['F1003', 'T1621']),
  reason('sim-fresh', 'The SIM of the number was changed lately.', '该号码近期更换过 SIM 卡。', ['T1451']),
  reason('calls-forwarded', 'Calls or messages of the number go elsewhere.', '该号码的来电或短信被转移。', [
    'T1451',
    'T1582',
  ]),
  reason(
    'dormant-awake',
    'An account that slept for long wakes up on a device that is new to it.',
    '长期不动的账户突然在陌生设备上活跃。',
    ['F1042'],
  ),
  // Scraping
  reason('pages-deep', 'The list was read page after page, as programs do.', '像程序一样逐页翻取数据。', [
    'F1002.002',
    'F1029',
  ]),
  reason('not-own-account', 'Data of somebody else’s account was asked for.', '查询了他人账户的数据。', ['F1029']),
  reason('names-looked-up', 'Names of many payees were looked up.', '批量查询收款人姓名。', ['F1029']),
  // Papers and faces
  reason('paper-forged', 'The document is forged.', '证件材料是伪造的。', ['F1020.001']),
  reason('paper-doubtful', 'The document may be forged.', '证件材料真实性存疑。', ['F1020.001']),
  reason('paper-not-theirs', 'The document is in another name.', '证件材料与客户姓名不符。', ['F1020.001', 'F1031']),
  reason('paper-reused', 'The document was used for another account.', '证件材料已用于其他账户。', ['F1020.001']),
  reason('face-reused', 'The face belongs to another account.', '同一人脸已用于其他账户。', ['F1031']),
  reason('face-not-alive', 'The face check did not see a living person.', '人脸检测未检测到活体。', ['F1031']),
  reason('face-unlike', 'The face is not like the one on record.', '人脸与留存照片不一致。', ['F1031']),
  reason('camera-not-real', 'The picture did not come from a real camera.', '画面并非来自真实摄像头。', [
    'F1031',
    'T1633',
  ]),
  reason('picture-loaded', 'The picture was loaded instead of taken.', '图片是上传的而非现场拍摄。', ['F1020.001']),
  reason('phone-not-theirs', 'The operator knows the number by another name.', '运营商登记的号码姓名与客户不符。', [
    'F1031',
    'T1451',
  ]),
  reason('card-not-theirs', 'The card is in another name.', '银行卡户名与客户不符。', ['F1012']),
  reason('form-pasted', 'The form was pasted in seconds instead of filled in.', '表单是快速粘贴而非填写的。', [
    'T1585',
    'F1020.001',
  ]),
  reason('merchant-mill', 'Merchants are admitted or used in bulk.', '批量注册或使用商户。', ['F1021']),
  // Money
  reason('remote-control', 'The phone was controlled or watched from elsewhere.', '手机正被他人远程控制或观看。', [
    'T1219',
    'F1032',
  ]),
  reason(
    'screen-shared',
    'The screen was shown to somebody while money was to go to a new payee.',
    '向新收款人转账时屏幕正被他人观看。',
    ['T1219', 'T1513'],
  ),
  reason(
    'screen-covered',
    'Another app covered the screen while money was to go to a new payee.',
    '向新收款人转账时屏幕被其他应用覆盖。',
    ['T1513', 'T1516'],
  ),
  reason(
    'call-in-progress',
    'A call was going on while a large sum was to go to a new payee.',
    '通话中向新收款人转出大额资金。',
    ['F1032'],
  ),
  reason(
    'drained-from-new-device',
    'Nearly everything is to go to a new payee from a device bound lately.',
    '新绑定的设备要将几乎全部余额转给新收款人。',
    ['F1006', 'F1047'],
  ),
  reason(
    'money-after-change',
    'Money is to go out shortly after the password or the number was changed.',
    '修改密码或手机号后不久即转出资金。',
    ['F1006', 'F1005.004'],
  ),
  reason(
    'money-after-limit',
    'A large sum is to go to a new payee shortly after the limit was raised.',
    '提高限额后不久即向新收款人转出大额资金。',
    ['F1005.007', 'F1047'],
  ),
  reason(
    'money-from-new-device',
    'Money is to go to a new payee right after the device was bound.',
    '设备刚绑定即向新收款人转账。',
    ['F1006', 'F1047'],
  ),
  reason(
    'amount-unusual',
    'The amount is many times what this account usually sends, and the payee is new.',
    '金额远超账户习惯且收款人是新的。',
    ['F1047'],
  ),
  reason(
    'amount-unusual-at-night',
    'An unusual amount is to go to a new payee at night.',
    '深夜向新收款人转出异常金额。',
    ['F1047'],
  ),
  reason('amount-split', 'A sum is split into many small ones.', '资金被拆分成多笔小额。', ['F1045']),
  reason('limits-probed', 'Small payments tried where the limits lie.', '以小额交易试探限额。', ['F1046']),
  reason('payee-name-wrong', 'The name does not fit the payee’s account.', '收款人姓名与账号不符。', ['F1047']),
  reason(
    'payee-collects',
    'A young payee collects from many accounts within a day.',
    '新出现的收款人一天内收取多个账户的资金。',
    ['F1047', 'F1025.001'],
  ),
  reason(
    'payee-had-frauds',
    'Payments to this payee were lately confirmed as fraud.',
    '近期转给该收款人的款项被确认为欺诈。',
    ['F1047'],
  ),
  reason(
    'money-passed-on',
    'The account passes money on to many as soon as it comes.',
    '账户收到资金后立即分散转出。',
    ['F1025.001', 'F1045'],
  ),
  reason('cards-tried', 'Cards are tried one after the other.', '逐张试用银行卡。', ['F1012']),
  reason('code-too-old', 'The payment code is older than a shown code can be.', '付款码已超过正常展示时长。', [
    'F1037',
    'T1660',
  ]),
  reason('refund-mill', 'A young account asks for refunds by the dozen.', '新账户批量申请退款。', ['F1043']),
  reason(
    'points-from-new-device',
    'Points of worth are exchanged on a device bound lately.',
    '新绑定的设备兑换高价值积分。',
    ['F1006', 'F1028'],
  ),
  reason(
    'card-shown-on-new-device',
    'The full card number was asked for on a device bound lately.',
    '新绑定的设备查看完整卡号。',
    ['F1011', 'F1006'],
  ),
  reason('device-twin', 'The device may be another one that pretends to be this.', '该设备可能是冒充的另一台设备。', [
    'F1023',
    'F1006',
  ]),
  // Changes
  reason('change-after-change', 'One change of who the customer is follows another.', '短时间内连续修改关键信息。', [
    'F1005.004',
    'F1006',
  ]),
  reason(
    'change-on-new-device',
    'The change is asked for on a device bound lately.',
    '在新绑定的设备上修改关键信息。',
    ['F1005.004', 'F1006'],
  ),
  reason(
    'alerts-switched-off',
    'Alerts to the customer are switched off on a device bound lately.',
    '在新绑定的设备上关闭提醒。',
    ['F1005.005'],
  ),
  reason(
    'limit-leap',
    'The limit is to grow many times over on a device bound lately.',
    '在新绑定的设备上大幅提高限额。',
    ['F1005.007'],
  ),
  reason('no-factor', 'The change was asked for without any confirmation.', '修改关键信息未经任何验证。', ['F1006']),
  // Loans
  reason('income-doubtful', 'A high income is declared on a doubtful document.', '申报高收入但材料存疑。', [
    'F1020.001',
  ]),
  reason('debts-many', 'Debts eat most of the income while more lenders are asked.', '负债率高且多头借贷。', [
    'F1020.001',
  ]),
  reason('applications-many', 'Many lenders were asked within a month.', '一个月内向许多机构申请贷款。', ['F1020.001']),
  reason(
    'coached',
    'The form was corrected again and again during a call, as if dictated.',
    '通话中反复修改表单，疑似被人指导。',
    ['F1032', 'F1031'],
  ),
  reason('payout-to-others', 'The loan is to be paid out to somebody else.', '贷款将发放至他人账户。', ['F1047']),
  reason('drawn-at-once', 'Everything was drawn the moment the loan was signed.', '签约后立即提取全部额度。', [
    'F1006',
    'F1047',
  ]),
  reason('employer-mill', 'The same employer stands on applications in bulk.', '同一单位出现在大量申请中。', [
    'F1020.001',
  ]),
  reason('repaid-by-others', 'The loan was repaid at once with somebody else’s card.', '贷款很快由他人银行卡偿还。', [
    'F1045',
    'F1047',
  ]),
];
