/** Reasons that lie in the request, the device and the crowd around it. */
import { type Reason, reason } from './reason.ts';

/** Rows of the table. */
export const deviceReasons: readonly Reason[] = [
  // Lists, traps and sums
  reason('device-listed', 'The device is on the list of black devices.', '设备在黑名单中。', ['F1006']),
  reason('account-listed', 'The account is on the list of black accounts.', '账户在黑名单中。', ['F1006']),
  reason('payee-listed', 'The payee is on the list of mules.', '收款人在骡子账户名单中。', ['F1047']),
  reason('address-watched', 'The network address is on a list of addresses to watch.', '网络地址在关注名单中。', [
    'T1583.003',
  ]),
  reason('phone-listed', 'The phone number is on a list.', '手机号在名单中。', ['F1003']),
  reason('trap-touched', 'A decoy was touched that no customer can see.', '触碰了正常客户看不到的诱饵。', ['F1002']),
  reason('model-score', 'The model gives this request a very high chance of fraud.', '模型判断本次请求欺诈概率很高。', [
    'F1006',
  ]),
  reason(
    'model-score-raised',
    'The model gives this request a raised chance of fraud.',
    '模型判断本次请求欺诈概率偏高。',
    ['F1006'],
  ),
  reason(
    'device-score-low',
    'What the device showed of itself adds up to a very low score.',
    '设备各项信号综合得分很低。',
    ['F1023'],
  ),
  reason('frauds-known', 'Fraud was lately confirmed on this account or device.', '该账户或设备近期有已确认的欺诈。', [
    'F1006',
  ]),
  // Protocol
  reason(
    'request-replayed',
    'A request came a second time that may come only once.',
    '只能使用一次的请求被重复提交。',
    ['F1002.001', 'T1557'],
  ),
  reason(
    'request-tampered',
    'The request was changed on its way or after it was signed.',
    '请求在签名后或传输中被改动。',
    ['T1557', 'F1002.001'],
  ),
  reason('request-unsigned', 'A request that must be signed came without a signature.', '应签名的请求没有签名。', [
    'F1002.001',
  ]),
  reason('request-refused', 'The channel refused the request.', '安全通道拒绝了该请求。', ['F1002.001']),
  reason('request-stale', 'The request is older than it may be.', '请求已超过有效时间。', ['F1002.001', 'T1557']),
  reason(
    'request-without-app',
    'The request did not come from the app: nothing of the app’s protection was on it.',
    '请求不是由应用发出的，没有任何应用防护信息。',
    ['F1002.001'],
  ),
  reason('clock-far-off', 'The clock of the device is far from ours.', '设备时钟与服务器相差过大。', ['F1023']),
  reason(
    'report-forged',
    'The report of the device’s checks was not made for us.',
    '设备检测报告不是为本服务端生成的。',
    ['F1023', 'T1617'],
  ),
  reason('report-replayed', 'An old report of the device’s checks came again.', '旧的设备检测报告被重复提交。', [
    'F1002.001',
    'F1023',
  ]),
  reason(
    'client-silenced',
    'The checks of the app were silenced: the answer that only they can give is missing.',
    '应用的检测被屏蔽，缺少只有检测程序才能给出的应答。',
    ['T1617', 'F1023'],
  ),
  reason('checks-missing', 'Checks that should have run did not.', '应运行的检测没有运行。', ['T1617']),
  reason(
    'voices-disagree',
    'Page, app and hardware tell different things of the same device.',
    '网页、应用与硬件对同一设备的描述相互矛盾。',
    ['F1023', 'T1617'],
  ),
  reason('device-key-cloned', 'Two devices use the key of one.', '两台设备在使用同一把设备密钥。', ['F1023']),
  reason('connection-intercepted', 'Somebody stands between the app and the bank.', '应用与银行之间的连接被拦截。', [
    'T1638',
    'T1557',
  ]),
  // App and device
  reason('app-not-approved', 'Hardware says that the app is not one of ours.', '硬件证明该应用不是本行发布的应用。', [
    'T1661',
  ]),
  reason('app-repackaged', 'The app was changed and signed anew.', '应用被修改并重新签名。', ['T1661']),
  reason(
    'app-page-changed',
    'The page in the app is not the one that we delivered.',
    '应用内页面与发布的页面不一致。',
    ['F1002.002'],
  ),
  reason('app-debug-build', 'The app is a build for developers.', '应用是调试版本。', ['T1661']),
  reason('app-odd-installer', 'The app did not come from a known shop.', '应用并非来自已知的应用商店。', ['T1661']),
  reason(
    'app-hooked',
    'Foreign code runs inside the app and changes what it does.',
    '有外来代码在应用内运行并改变其行为。',
    ['T1617'],
  ),
  reason('app-hook-framework', 'A tool that changes apps is installed.', '设备装有修改应用的框架。', ['T1617']),
  reason('page-functions-replaced', 'Functions of the browser were replaced.', '浏览器的函数被替换。', [
    'T1617',
    'F1023',
  ]),
  reason('app-debugged', 'Somebody steps through the app with a debugger.', '应用正在被调试。', ['T1617']),
  reason('app-in-container', 'The app runs inside another app.', '应用运行在其他应用的容器中。', ['T1633', 'F1023']),
  reason(
    'device-virtual',
    'The device is no phone but a program or a rented phone in a data centre.',
    '设备不是真实手机，而是模拟器或云手机。',
    ['T1633', 'F1023'],
  ),
  reason(
    'device-software-drawn',
    'The device draws or moves as no phone does.',
    '设备的图形或传感器表现不像真实手机。',
    ['T1633'],
  ),
  reason('app-cloned', 'The app was doubled on the phone.', '应用在手机上被分身双开。', ['F1023']),
  reason('root-hidden', 'The phone hides that its owner took more rights.', '手机隐藏了已获取最高权限的事实。', [
    'T1404',
  ]),
  reason(
    'device-rooted',
    'The owner of the phone took more rights than it is sold with.',
    '手机已被越权（root 或越狱）。',
    ['T1404'],
  ),
  reason('boot-not-verified', 'The phone did not start with verified software.', '手机未通过安全启动验证。', ['T1404']),
  reason('identity-forged', 'What the device says of itself does not fit together.', '设备自述的信息相互矛盾。', [
    'F1023',
  ]),
  reason('malware-known', 'An app known to steal is on the phone.', '手机上有已知的恶意应用。', ['T1453', 'T1417']),
  reason('bot-driven', 'The page or app is driven by a program.', '页面或应用由程序驱动。', ['F1002.002']),
  reason('no-hands', 'What was tapped and typed did not come from hands.', '点击和输入不是人手完成的。', [
    'T1516',
    'T1453',
  ]),
  reason('place-forged', 'The place that the phone tells is forged.', '手机报告的位置是伪造的。', ['F1030']),
  reason(
    'impossible-travel',
    'The account was somewhere else so shortly before that nobody could travel that.',
    '账户短时间内出现在无法往返的两地。',
    ['F1030', 'F1006'],
  ),
  reason(
    'address-hosting',
    'The request comes from a data centre or an anonymous network.',
    '请求来自机房或匿名网络。',
    ['T1583.003'],
  ),
  // Farms and crowds
  reason(
    'farm-device',
    'The device acts as one of many that belong together.',
    '设备与许多设备统一行动，属于同一团伙。',
    ['F1002.001', 'T1585'],
  ),
  reason('farm-possible', 'The device may belong to a group that acts together.', '设备可能属于统一行动的团伙。', [
    'T1585',
  ]),
  reason(
    'farm-rack',
    'The phone stands still on power with its screen unlocked, as phones on a rack do.',
    '手机长期充电、静止且无锁屏，符合机架设备特征。',
    ['T1585'],
  ),
  reason('farm-sim-churn', 'SIM cards and devices are changed around.', 'SIM 卡与设备频繁交叉更换。', [
    'F1003',
    'T1585',
  ]),
  reason('device-many-accounts', 'Many accounts were used on this device.', '该设备上使用了许多账户。', [
    'T1585',
    'F1006.002',
  ]),
  reason('device-many-phones', 'Many phone numbers were used on this device.', '该设备上使用了许多手机号。', [
    'F1003',
    'T1585',
  ]),
  reason(
    'device-many-papers',
    'Documents of many persons were handed in from this device.',
    '该设备提交了许多人的证件。',
    ['F1020.001'],
  ),
  reason('phone-many-devices', 'One phone number was used on many devices.', '同一手机号在许多设备上使用。', ['F1003']),
  reason('phone-many-accounts', 'One phone number stands for many accounts.', '同一手机号对应许多账户。', ['T1585']),
  reason(
    'address-many-phones',
    'Few devices at one address asked for codes to many phone numbers.',
    '同一网络地址的少数设备使用了许多手机号。',
    ['F1003', 'T1585'],
  ),
  reason(
    'address-many-accounts',
    'Few devices at one address tried many accounts.',
    '同一网络地址的少数设备使用了许多账户。',
    ['T1110.003', 'T1585'],
  ),
  reason('address-burst', 'One address asks faster than people do.', '同一网络地址请求过于频繁。', ['F1002.002']),
  reason('account-many-devices', 'The account was used on many devices at once.', '账户同时在许多设备上使用。', [
    'F1006',
  ]),
  reason('device-burst', 'The device asks faster than a person does.', '设备请求频率超过人的操作。', ['F1002.001']),
  reason('account-burst', 'The account asks faster than a person does.', '账户请求频率超过人的操作。', ['F1002.001']),
  reason('faster-than-hands', 'It was done faster than hands can.', '操作速度快于人手。', ['F1002.001']),
  reason(
    'new-accounts-at-night',
    'New accounts claim offers on one device at night.',
    '夜间同一设备上新账户领取优惠。',
    ['T1585'],
  ),
  reason('inviter-mill', 'The inviter collects rewards by the dozen.', '邀请人批量获取奖励。', ['T1585']),
];
