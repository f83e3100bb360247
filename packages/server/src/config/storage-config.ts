/** Section `storage`, with every default filled in. */

/** TLS towards a database. File names are absolute after loading. */
export interface DatabaseTlsConfig {
  /** PEM file of the authorities that are believed; the system's when absent. */
  readonly caFile?: string | undefined;
  /** Our own certificate (PEM), where the database asks for one. */
  readonly certificateFile?: string | undefined;
  readonly keyFile?: string | undefined;
}

/** A PostgreSQL database. */
export interface PostgresConfig {
  /** Name, address, or the absolute path of a folder with a unix socket. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password?: string | undefined;
  /** Schema that holds the tables; made when absent. */
  readonly schema: string;
  readonly tls: 'none' | DatabaseTlsConfig;
  /** Most connections of one worker thread. */
  readonly connections: number;
  /** Most calls of one worker thread that are under way or wait for a connection. */
  readonly calls: number;
  /** Longest wait for a connection, made or free. */
  readonly connectTimeoutMs: number;
  /** Longest time of one statement. */
  readonly statementTimeoutMs: number;
}

/** Where what is kept is kept, beside the state folder. */
export interface StorageConfig {
  /** Bindings; in the state folder when absent. */
  readonly binding?: { readonly postgres: PostgresConfig } | undefined;
}
