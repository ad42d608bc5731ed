export {
  PostgresIdempotencyStore,
  type PostgresIdempotencyStoreOptions,
} from './postgres-idempotency.store.js';
export { pgTransaction } from './transaction-runner.js';
export type {
  PgPool,
  PostgresClient,
  PostgresRows,
  PostgresTransactionRunner,
  TransactionOf,
} from './postgres-client.js';
