/** The demo bank: a small JSON API over a double-entry ledger, an H5 app, and the holes that a gateway has to close. */
export type * from './bank-api.ts';
export { type BuiltApp, buildApp } from './build-app.ts';
export { COUPONS, type Coupon } from './coupons.ts';
export { type CreateBankOptions, createBank, type RunningBank } from './create-bank.ts';
export { ALICE, customerNamed, DEMO_CUSTOMERS, type DemoAccount, type DemoCustomer } from './customers.ts';
export type { ReceivedRequest } from './front-desk.ts';
export { factsHold, type RequestHead, signFacts } from './gateway-facts.ts';
export { BARE_GUARDS, type BankGuards, CAREFUL_GUARDS, DEFAULT_GUARDS } from './guards.ts';
export { Ledger, type LedgerAccount, type LedgerAudit, type Movement, type Transfer } from './ledger.ts';
export { LARGE_TRANSFER_MINOR } from './limits.ts';
export { between, pick, type Random, seededRandom } from './seeded-random.ts';
export {
  type CustomerStep,
  type CustomerVisit,
  type FetchLike,
  simulateCustomer,
  type VisitOptions,
} from './simulated-customer.ts';
