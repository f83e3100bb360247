/** What a user interface may show of the protection. */

/** The state of the client, at one moment. */
export interface HauberkStatus {
  readonly session: 'none' | 'opening' | 'open';
  readonly deviceId: string | undefined;
  readonly tier: number | undefined;
  readonly configVersion: number | undefined;
  /** `memory`: the host keeps nothing, so the next start enrols anew. */
  readonly storage: 'persistent' | 'memory';
  /** The origin in use. */
  readonly endpoint: string;
  /** Authenticated server time; undefined before the first handshake. */
  readonly serverTimeMs: number | undefined;
  readonly waitingReports: number;
  /**
   * Whether the signed config says of any protected route that its replies are not bound: a proxy forwards there and only asks the gateway. Such
   * replies are as good as TLS is, and no better. Undefined before the config is known.
   */
  readonly unboundReplies: boolean | undefined;
}
