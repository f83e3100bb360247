/** The client of the admin API: types and calls are generated from docs/openapi.json, the sending is here. Imports nothing. */
export { type AdminClientOptions, AdminError, createAdminClient } from './client.ts';
export type * from './generated.ts';
