/** People with tokens of the admin API, for attacks among operators. */
import { type AdminApi, AdminError, type Approval, createAdminClient } from '@hauberk/admin-client';
import { issueStartupSecret, type RunningGateway } from '@hauberk/server';

/** Somebody with a token. */
export interface Operator {
  readonly api: AdminApi;
  /** Issues a token of all rights to somebody else. */
  readonly issueTo: (subject: string) => Promise<Operator>;
}

const operator = (url: string, token: string): Operator => {
  const api = createAdminClient({ url, token });
  return {
    api,
    issueTo: async (subject) => {
      const grants = [{ app: '*', role: 'administrator' }];
      const { value } = await api.createToken({ body: { subject, label: 'attack', grants } });
      return operator(url, value.secret);
    },
  };
};

/** The local administrator of a gateway of our own. */
export const administratorOf = async ({ administration, adminUrl }: RunningGateway): Promise<Operator> => {
  const issued = await issueStartupSecret(administration, true);
  if (!issued.ok) throw new Error(issued.code);
  const { value } = await createAdminClient({ url: adminUrl }).login({ body: { secret: issued.value.text } });
  return operator(adminUrl, value.secret);
};

/** What a call came to: `done`, or the code of its refusal. */
export const codeOf = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call;
    return 'done';
  } catch (error) {
    if (error instanceof AdminError) return error.problem.code;
    throw error;
  }
};

/** The app that attacks work on. */
export const firstAppOf = async ({ api }: Operator): Promise<string> => (await api.self()).value.apps[0]?.id ?? '';

/** Asks for a suspended device to be given back, and answers the proposal. */
export const proposeUnsuspend = async ({ api }: Operator, app: string, device: string): Promise<Approval> => {
  const asked = await api.changeDevice({ app, device, body: { action: 'unsuspend', reason: 'attack' } });
  if (!('changeHash' in asked.value)) throw new Error('nobody else had to agree');
  return asked.value;
};

/** Suspends a device. */
export const suspend = async ({ api }: Operator, app: string, device: string): Promise<void> => {
  await api.changeDevice({ app, device, body: { action: 'suspend', reason: 'attack' } });
};

/** The state of a device. */
export const stateOf = async ({ api }: Operator, app: string, device: string): Promise<string> =>
  (await api.findDevice({ app, device })).value.state;
