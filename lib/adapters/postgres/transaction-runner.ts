import { StoreUnavailableError } from '../../idempotency/idempotency.errors.js';
import type {
  ClientWithTransaction,
  PgPool,
  PgPoolClient,
  PostgresClient,
  PostgresTransactionRunner,
} from './postgres-client.js';

/**
 * Transactions on connections of a `pg` pool. The client that a handler gets refuses everything once its transaction is
 * over: a pool's client would go on sending, outside of any transaction or in the next one.
 *
 * @publicApi
 */
export function pgTransaction<Client>(pool: PgPool<Client>): PostgresTransactionRunner<Client> {
  return async (work, signal) => {
    const client = await lend(pool);
    const { guarded, revoke } = guard(client);
    let isReusable = false;
    try {
      await client.query('BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE', []);
      const result = await work(guarded as Client, client).catch(async (error: unknown) => {
        revoke();
        if (!signal.aborted) {
          await client.query('ROLLBACK', []);
          isReusable = true;
        }
        throw error;
      });
      revoke();
      assertCommitted(await client.query('COMMIT', []));
      isReusable = true;
      return result;
    } finally {
      revoke();
      if (isReusable) {
        client.removeListener('error', ignore);
      }
      client.release(!isReusable);
    }
  };
}

/**
 * Without a listener, a connection that breaks between two statements would end the process. The pool takes its own away
 * when it lends a client; a promise would hand the client over a moment later, and the server's last words may come in
 * between.
 */
function lend(pool: PgPool<unknown>): Promise<PgPoolClient> {
  return new Promise((resolve, reject) => {
    pool.connect((error, lent) => {
      if (error) {
        reject(error);
        return;
      }
      const client = lent as PgPoolClient;
      client.on('error', ignore);
      resolve(client);
    });
  });
}

function ignore(): void {
  // The current statement, or the next one, rejects.
}

function guard(client: PgPoolClient): { guarded: PgPoolClient; revoke: () => void } {
  let isOver = false;
  const guarded = new Proxy(client, {
    get(target, property): unknown {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== 'function') {
        return value;
      }
      return (...args: unknown[]): unknown => {
        if (isOver) {
          throw new Error(
            `${String(property)}() of a transactional handler's client: the transaction is over.`,
          );
        }
        return Reflect.apply(value, target, args);
      };
    },
  });
  return {
    guarded,
    revoke: () => {
      isOver = true;
    },
  };
}

/** PostgreSQL answers a COMMIT after a statement that failed with ROLLBACK, and no error. */
function assertCommitted(result: object): void {
  if ('command' in result && result.command === 'ROLLBACK') {
    throw new StoreUnavailableError(
      'The transaction was rolled back: a statement in it had failed, and the handler did not say so.',
    );
  }
}

/** How to run transactions on this client when the option `transaction` is not given. */
export function transactionRunnerOf(client: PostgresClient): PostgresTransactionRunner<unknown> | undefined {
  if (isPool(client)) {
    return pgTransaction(client);
  }
  return hasTransaction(client)
    ? (work) =>
        client.transaction(async (transaction) => {
          await transaction.query('SET TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE', []);
          return work(transaction, transaction);
        })
    : undefined;
}

function isPool(client: PostgresClient): client is PgPool<unknown> {
  return 'totalCount' in client && 'connect' in client;
}

function hasTransaction(client: PostgresClient): client is ClientWithTransaction {
  return 'transaction' in client && typeof client.transaction === 'function';
}
