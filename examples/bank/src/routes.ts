/** The API: one line per endpoint, in the order in which they are tried. */
import type { LedgerCheckReply, LoginReply, RateView } from './bank-api.ts';
import {
  type Answer,
  type Bank,
  type Call,
  type CustomerCall,
  emptyAnswer,
  jsonAnswer,
  outcomeAnswer,
  refusalAnswer,
} from './call.ts';
import { DEMO_CUSTOMERS } from './customers.ts';
import { readCode, readLogin, readObject, readPayee, readTransfer } from './fields.ts';
import { LARGE_TRANSFER_MINOR } from './limits.ts';
import { granted, type Outcome, refused } from './problem.ts';
import type { Session } from './sessions.ts';
import { readUpload } from './upload.ts';
import { accountView, accountViews, couponViews, statementReply, transactionViews } from './views.ts';

/** `public`: anyone, past the gateway too; `open`: anyone; `half`: after the password; `customer`: logged in. */
export type Route =
  | { readonly access: 'public' | 'open'; readonly handle: AnyoneHandler }
  | { readonly access: 'half' | 'customer'; readonly handle: CustomerHandler };

type CustomerHandler = (bank: Bank, call: CustomerCall) => Answer | Promise<Answer>;

const RATES: readonly RateView[] = [
  { pair: 'EUR/USD', rateMicros: 1_084_300 },
  { pair: 'EUR/GBP', rateMicros: 842_150 },
  { pair: 'EUR/JPY', rateMicros: 163_720_000 },
];
const MAX_HISTORY = 500;

type AnyoneHandler = (bank: Bank, call: Call) => Answer | Promise<Answer>;

const forPublic = (handle: AnyoneHandler): Route => ({ access: 'public', handle });
const open = (handle: AnyoneHandler): Route => ({ access: 'open', handle });
const half = (handle: CustomerHandler): Route => ({ access: 'half', handle });
const customer = (handle: CustomerHandler): Route => ({ access: 'customer', handle });

/** Every endpoint as `METHOD /path/{parameter}`. */
export const ROUTES: Readonly<Record<string, Route>> = {
  'POST /api/login': open(login),
  'POST /api/login/otp': half(loginCode),
  'POST /api/logout': half(logout),
  'GET /api/accounts': customer((bank, { session }) =>
    jsonAnswer(200, { accounts: accountViews(bank.books.ledger, session.customer) }),
  ),
  'GET /api/accounts/{accountId}': customer(account),
  'GET /api/accounts/{accountId}/transactions': customer(transactions),
  'GET /api/payees': customer((bank, { session }) =>
    jsonAnswer(200, { payees: bank.books.payees(session.customer.customerId) }),
  ),
  'POST /api/payees': customer(addPayee),
  'POST /api/transfers': customer((bank, call) => transfer(bank, call, LARGE_TRANSFER_MINOR)),
  'POST /api/transfers/large': customer((bank, call) => transfer(bank, call, Number.MAX_SAFE_INTEGER)),
  'GET /api/coupons': customer((bank, { session }) =>
    jsonAnswer(200, { coupons: couponViews(bank.books, session.customer) }),
  ),
  'POST /api/coupons/{couponId}/claim': customer(claim),
  'GET /api/statement': customer((bank, { session }) =>
    jsonAnswer(200, statementReply(bank.books.ledger, session.customer, bank.now())),
  ),
  'GET /api/events': customer((bank, { session }) => ({
    kind: 'stream',
    open: (response) => bank.events.open(session, response),
  })),
  'POST /api/upload': customer(upload),
  'GET /api/public/rates': forPublic(() => jsonAnswer(200, { rates: RATES })),
  'GET /api/ledger/check': forPublic((bank) => jsonAnswer(200, ledgerCheck(bank))),
  'GET /api/internal/customers': open(forgottenExport),
  'GET /hauberk-trust.json': forPublic(({ trust }) => {
    const published = trust();
    return published === null ? refusalAnswer(refused('not-found')) : jsonAnswer(200, published);
  }),
};

/** Recomputes the whole book. */
export const ledgerCheck = ({ books, teller }: Bank): LedgerCheckReply => ({
  ...books.ledger.audit(),
  overclaimed: teller.overclaimed(),
});

/** Runs `use` on what `read` makes of the JSON body. */
async function withBody<Order>(
  call: Call,
  read: (fields: Readonly<Record<string, unknown>>) => Outcome<Order>,
  use: (order: Order) => Promise<Answer>,
): Promise<Answer> {
  if (!/^application\/json\b/i.test(call.headers['content-type'] ?? '')) {
    return refusalAnswer(refused('unsupported-media-type'));
  }
  const fields = readObject(call.body);
  const order = fields.ok ? read(fields.value) : fields;
  return order.ok ? use(order.value) : refusalAnswer(order);
}

const loginReply = ({ authorization, customer: who, complete, expiresAtMs }: Session, code: string | null) =>
  ({
    authorization,
    customerId: who.customerId,
    customerName: who.name,
    accountIds: who.accounts.map(({ accountId }) => accountId),
    nextStep: complete ? null : 'otp',
    demoCode: code,
    expiresAtMs,
  }) satisfies LoginReply;

function login({ sessions }: Bank, call: Call): Promise<Answer> {
  return withBody(call, readLogin, async ({ username, password }) => {
    const begun = await sessions.begin(username, password);
    return outcomeAnswer(begun === null ? refused('login-refused') : granted(loginReply(begun.session, begun.code)));
  });
}

function loginCode({ sessions }: Bank, call: CustomerCall): Promise<Answer> {
  return withBody(call, readCode, async (code) => {
    const session = sessions.complete(call.session, code);
    return outcomeAnswer(session === null ? refused('code-refused') : granted(loginReply(session, null)));
  });
}

function logout({ sessions, events }: Bank, { session }: CustomerCall): Answer {
  sessions.end(session);
  events.endLogin(session.authorization);
  return emptyAnswer;
}

function account({ teller, books }: Bank, { session, params }: CustomerCall): Answer {
  const found = teller.account(session.customer, params['accountId'] ?? '');
  return found.ok ? jsonAnswer(200, accountView(books.ledger, found.value.accountId)) : refusalAnswer(found);
}

function transactions({ teller, books }: Bank, { session, params, query }: CustomerCall): Answer {
  const found = teller.account(session.customer, params['accountId'] ?? '');
  if (!found.ok) return refusalAnswer(found);
  const limit = query.get('limit') ?? '50';
  if (!/^[1-9]\d{0,2}$/.test(limit) || Number(limit) > MAX_HISTORY) {
    return refusalAnswer(refused('bad-field', `limit is a number from 1 to ${MAX_HISTORY}`));
  }
  const { accountId } = found.value;
  const before = query.get('before') ?? undefined;
  return jsonAnswer(200, {
    accountId,
    transactions: transactionViews(books.ledger, accountId, Number(limit), before),
  });
}

function addPayee({ teller }: Bank, call: CustomerCall): Promise<Answer> {
  return withBody(call, readPayee, async (order) =>
    outcomeAnswer(await teller.addPayee(call.session.customer, order), 201),
  );
}

function transfer({ teller }: Bank, call: CustomerCall, limitMinor: number): Promise<Answer> {
  return withBody(call, readTransfer, async (order) => {
    if (order.amountMinor > limitMinor) return refusalAnswer(refused('use-large-transfer'));
    const key = call.headers['idempotency-key'];
    if (key !== undefined && (typeof key !== 'string' || key.length > 64)) {
      return refusalAnswer(refused('bad-field', 'idempotency-key'));
    }
    return outcomeAnswer(await teller.transfer(call.session.customer, order, key ?? null), 201);
  });
}

async function claim({ teller }: Bank, { session, params }: CustomerCall): Promise<Answer> {
  return outcomeAnswer(await teller.claim(session.customer, params['couponId'] ?? ''), 201);
}

async function upload({ random }: Bank, call: CustomerCall): Promise<Answer> {
  return outcomeAnswer(await readUpload(call, `d-${Buffer.from(random(9)).toString('base64url')}`), 201);
}

/** The hole that every bank has somewhere: an export for the back office that went live, with no login at all. */
function forgottenExport({ books }: Bank): Answer {
  const rows = DEMO_CUSTOMERS.map((one) => ({
    customerId: one.customerId,
    name: one.name,
    accounts: accountViews(books.ledger, one).map(({ number, balanceMinor }) => ({ number, balanceMinor })),
  }));
  return jsonAnswer(200, { customers: rows });
}
