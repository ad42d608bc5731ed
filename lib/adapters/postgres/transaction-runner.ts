import { pgTransaction } from './pg-transaction.js';
import type {
  ClientWithTransaction,
  PgPool,
  PostgresClient,
  PostgresTransactionRunner,
} from './postgres-client.js';

/** How transactions are made with this client, if nobody says it. */
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
