/** Why a request is shed: what it would have waited for. */
export type OverloadReason = 'overload.gateway' | 'overload.upstream';
