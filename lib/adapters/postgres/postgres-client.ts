/** The store asks for one row with one column, `answers`. */
export type PostgresRows = readonly object[];

/**
 * What can send one statement: a `pg` Pool or Client, PGlite, TypeORM's DataSource or EntityManager, or a wrapper of
 * another library. The statement has one parameter, `$1`, which is a string, or none.
 *
 * @publicApi
 */
export interface PostgresClient {
  query(text: string, values: string[]): Promise<PostgresRows | { readonly rows: PostgresRows }>;
}

/**
 * Runs `work` in a transaction, which commits when `work` resolves and rolls back when it rejects; after that,
 * `transaction` must refuse whatever a late handler still sends. `work` rejects as soon as `signal` is aborted.
 *
 * @publicApi
 */
export type PostgresTransactionRunner<Transaction> = <T>(
  /** `client` sends the store's own statements in that transaction. */
  work: (transaction: Transaction, client: PostgresClient) => Promise<T>,
  signal: AbortSignal,
) => Promise<T>;

/** What a pool of `pg` lends. */
export interface PgPoolClient extends PostgresClient {
  release(destroy?: boolean): void;
  on(event: 'error', listener: (error: Error) => void): unknown;
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
}

/** A pool of `pg`: its clients connect, too, but only a pool counts them. */
export interface PgPool<Client> extends PostgresClient {
  readonly totalCount: number;
  connect(callback: (error: Error | undefined, client: Client | undefined) => void): void;
}

/** PGlite and TypeORM's DataSource. */
export interface ClientWithTransaction extends PostgresClient {
  transaction<T>(work: (transaction: PostgresClient) => Promise<T>): Promise<T>;
}

/** What a transactional handler gets if the store makes the transactions itself; else `unknown`. */
export type TransactionOf<Client> = Client extends {
  readonly totalCount: number;
  readonly connect: { (): Promise<infer Lent>; (callback: never): unknown };
}
  ? Lent
  : Client extends {
        readonly transaction: {
          (work: (transaction: infer Transaction) => Promise<unknown>): unknown;
          (...others: never[]): unknown;
        };
      }
    ? Transaction
    : unknown;
