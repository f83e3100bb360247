/** Scenes in which something is only seen, or somebody is asked. */
import { type Scene, scene } from './scene.ts';

const query = ['pageNumber', 'rangeDays', 'isOwnAccount'] as const;
const read = ['login', 'read', 'allow'] as const;

/** Rows of the catalogue. */
export const readScenes: readonly Scene[] = [
  scene(
    'balance-query',
    'Looking at the balance',
    '余额查询',
    read,
    ['account', 'card'],
    [...query],
    ['F1002.001', 'F1029'],
  ),
  scene(
    'statement-query',
    'Looking at transactions',
    '交易明细查询',
    read,
    ['account', 'card'],
    [...query],
    ['F1002.001', 'F1029'],
  ),
  scene(
    'statement-export',
    'Exporting a statement',
    '流水导出',
    ['login', 'read', 'challenge'],
    ['account'],
    [...query, 'factor'],
    ['F1029', 'F1020.001'],
  ),
  scene(
    'card-reveal',
    'Showing the full card number',
    '查看完整卡号',
    ['pay', 'read', 'deny'],
    ['account', 'card'],
    ['factor', 'hoursSinceDeviceBind'],
    ['F1011'],
  ),
  scene(
    'payee-lookup',
    'Asking who an account belongs to',
    '收款人户名查询',
    ['login', 'read', 'challenge'],
    ['account', 'payee', 'phone'],
    ['pageNumber', 'isOwnAccount'],
    ['F1029', 'F1002.001'],
  ),
  scene(
    'product-browse',
    'Browsing products and rates',
    '浏览产品与利率',
    ['launch', 'read', 'allow'],
    ['account', 'item'],
    [...query],
    ['F1002.002'],
  ),
  scene(
    'seat-browse',
    'Looking for tickets left',
    '余票查询',
    ['launch', 'read', 'allow'],
    ['account', 'item'],
    [...query],
    ['F1002.002'],
  ),
  scene(
    'customer-service',
    'Customer service',
    '在线客服',
    ['login', 'read', 'allow'],
    ['account'],
    ['topic', 'startedBy', 'accountAgeDays'],
    ['F1031', 'F1032'],
  ),
  scene(
    'remote-assist',
    'Remote assistance by the bank',
    '银行远程协助',
    ['bind', 'bind', 'deny'],
    ['account'],
    ['startedBy', 'topic', 'factor'],
    ['T1219', 'F1032'],
  ),
];
