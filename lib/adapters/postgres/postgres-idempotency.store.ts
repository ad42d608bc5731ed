import type {
  ApplicationRegister,
  CatchUpStore,
  FailedEventStore,
  IdempotencyStoreExtras,
} from '../../idempotency/idempotency-store.extras.js';
import type {
  BeginOptions,
  BeginResult,
  CompletedAs,
  FencingToken,
  TransactionalIdempotencyStore,
  TransactionRecords,
} from '../../idempotency/idempotency-store.js';
import type { InspectorLog, InspectorLogOptions } from '../../idempotency/inspector-log.js';
import type { TransactionalInbox } from '../../idempotency/transactional-inbox.js';
import { Batcher } from '../../shared/batcher.js';
import { within } from '../../shared/within.js';
import {
  type BeginAnswers,
  type BeginCall,
  kindOfBegin,
  leadersOf,
  STATE,
  toParameter,
  toResults,
} from './begin-batch.js';
import { ExpiredRows } from './expired-rows.js';
import { assertText, DEFAULT_TABLE, readTableName, type TableName, toStoredKey } from './names.js';
import type { PostgresClient, PostgresTransactionRunner, TransactionOf } from './postgres-client.js';
import { PostgresApplications, PostgresCatchUp, PostgresFailures } from './postgres-extras.js';
import { PostgresInbox } from './postgres-inbox.js';
import { PostgresInspectorLog } from './postgres-inspector-log.js';
import { runTransaction } from './run-transaction.js';
import { migrationSql } from './schema.js';
import { StatementSender, tooSlow } from './send-statement.js';
import { isRefusedValue } from './sql-state.js';
import { createStatements, type Statements } from './statements.sql.js';
import { transactionRunnerOf } from './transaction-runner.js';

/** @publicApi */
export interface PostgresIdempotencyStoreOptions<Client extends PostgresClient, Transaction> {
  /**
   * What sends the statements: a `pg` Pool or Client, PGlite, TypeORM's DataSource, or a wrapper of another library. The store
   * opens no connection and closes none.
   */
  readonly client: Client;
  /**
   * `table` or `schema.table`. The schema must be there; the table is made by `migrate`.
   *
   * @default 'scalekit_webhook_events'
   */
  readonly table?: string;
  /**
   * How long the server may take, the wait for a free connection included, in milliseconds. After that the delivery is
   * answered 503 and the sender retries.
   *
   * @default 2_000
   */
  readonly timeoutMs?: number;
  /**
   * How to run a transaction, which is then what `@EventTransaction()` gives to a handler.
   *
   * @default the pool's or the client's own transactions; a client that has none serves no transactional handlers
   */
  readonly transaction?: PostgresTransactionRunner<Transaction>;
}

/** A call by the holder of a claim. Each method adds a field of its own. */
interface HolderCall {
  readonly key: string;
  readonly token: FencingToken;
  readonly leaseMs?: number;
  readonly handler?: string;
  readonly ttlMs?: number;
  readonly state?: number;
}

/**
 * Remembers events in a table of PostgreSQL 12 or later, for any number of processes. Calls of one turn of the event loop
 * share one statement. Leases go by the server's clock.
 *
 * @publicApi
 */
export class PostgresIdempotencyStore<
  Client extends PostgresClient = PostgresClient,
  Transaction = TransactionOf<Client>,
>
  implements TransactionalIdempotencyStore<Transaction>, IdempotencyStoreExtras
{
  readonly failures: FailedEventStore;
  readonly applications: ApplicationRegister;
  /** For a queue in the same database. Not part of the store's contract. */
  readonly inbox: TransactionalInbox;
  readonly catchUp: CatchUpStore;
  readonly inspection: (options: InspectorLogOptions) => InspectorLog;
  private readonly sender: StatementSender;
  private readonly table: TableName;
  private readonly timeoutMs: number;
  private readonly runner: PostgresTransactionRunner<Transaction> | undefined;
  private readonly statements: Statements;
  private readonly expiredRows: ExpiredRows;
  private readonly begins: Batcher<BeginCall, BeginResult>;
  private readonly renewals: Batcher<HolderCall, boolean>;
  private readonly records: Batcher<HolderCall, boolean>;
  private readonly completions: Batcher<HolderCall, boolean>;
  private readonly releases: Batcher<HolderCall, boolean>;

  /** @throws TypeError, RangeError for options that can't be right */
  constructor({
    client,
    table = DEFAULT_TABLE,
    timeoutMs = 2_000,
    transaction,
  }: PostgresIdempotencyStoreOptions<Client, Transaction>) {
    if (!(timeoutMs > 0 && timeoutMs < 2 ** 31)) {
      throw new RangeError(
        `PostgresIdempotencyStore: timeoutMs must be a number of milliseconds above 0, received ${timeoutMs}.`,
      );
    }
    this.table = readTableName(table);
    this.sender = new StatementSender(client, this.table);
    this.timeoutMs = timeoutMs;
    this.runner =
      transaction ?? (transactionRunnerOf(client) as PostgresTransactionRunner<Transaction> | undefined);
    this.statements = createStatements(this.table);
    this.expiredRows = new ExpiredRows(this.sender, this.statements.removeExpired);
    this.begins = new Batcher<BeginCall, BeginResult>({
      ...this.batches('begin', kindOfBegin),
      send: (calls) => this.sendBegins(calls),
      onLateAnswer: ({ key }, answer) => {
        if (answer.status === 'acquired') {
          this.releases.run({ key, token: answer.token }).catch(() => undefined); // If this fails, too, the lease runs out.
        }
      },
    });
    const send = <Answer>(name: keyof Statements, parameter: unknown) =>
      within(timeoutMs, this.sender.send<Answer>(this.statements[name], parameter), () => {
        throw tooSlow(name, timeoutMs);
      });
    this.inbox = new PostgresInbox(
      (text, parameter) => this.sender.send(text, parameter),
      this.statements,
      (count) => {
        this.expiredRows.onClaims(count);
      },
    );
    this.failures = new PostgresFailures(send);
    this.applications = new PostgresApplications(send);
    this.catchUp = new PostgresCatchUp(send);
    this.inspection = (options) => new PostgresInspectorLog(send, options);
    const sameToken = ({ token }: HolderCall) => token;
    const never = () => Symbol('ends once');
    this.renewals = this.batcherOf('renew', sameToken);
    this.records = this.batcherOf('handlerDone', sameToken);
    this.completions = this.batcherOf('complete', never);
    this.releases = this.batcherOf('release', never);
  }

  begin(key: string, options: BeginOptions): Promise<BeginResult> {
    return this.begins.run({ ...options, key: toStoredKey(key) });
  }

  renew(key: string, token: FencingToken, leaseMs: number): Promise<boolean> {
    return this.renewals.run({ key: toStoredKey(key), token, leaseMs });
  }

  async handlerDone(key: string, token: FencingToken, handler: string): Promise<boolean> {
    assertText(handler);
    return this.records.run({ key: toStoredKey(key), token, handler });
  }

  complete(key: string, token: FencingToken, ttlMs: number, as: CompletedAs = 'done'): Promise<boolean> {
    return this.completions.run({ key: toStoredKey(key), token, ttlMs, state: STATE[as] });
  }

  release(key: string, token: FencingToken): Promise<boolean> {
    return this.releases.run({ key: toStoredKey(key), token });
  }

  async transaction<T>(
    work: (transaction: Transaction, records: TransactionRecords) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    if (!this.runner) {
      throw new TypeError(
        'PostgresIdempotencyStore: a transactional handler needs transactions, and this client has none of its own. ' +
          'Give the store a pg Pool, or say how in its option transaction.',
      );
    }
    return runTransaction({
      run: this.runner,
      work,
      statements: this.statements,
      signal,
      timeoutMs: this.timeoutMs,
    });
  }

  /**
   * Creates the table, or brings it from an earlier version to this one; safe to call by every process at each start.
   * What it does is in `sql/postgres.sql` of the package, too.
   */
  async migrate(): Promise<void> {
    await this.sender.migrate(migrationSql(this.table));
  }

  /**
   * Removes all expired rows, a thousand at a time. The store removes some by itself as it is used, so it is only
   * for tables that shrink faster than they fill.
   *
   * @returns how many were removed
   */
  removeExpired(): Promise<number> {
    return this.expiredRows.removeAll();
  }

  private async sendBegins(calls: readonly BeginCall[]): Promise<BeginResult[]> {
    const leaders = leadersOf(calls);
    const parameter = [...leaders.values()].map(toParameter);
    const answers = await this.sender.send<BeginAnswers>(this.statements.begin, parameter);
    this.expiredRows.onClaims(leaders.size);
    return toResults(calls, leaders, answers);
  }

  private batcherOf(
    name: 'renew' | 'handlerDone' | 'complete' | 'release',
    kindOf: (call: HolderCall) => unknown,
  ): Batcher<HolderCall, boolean> {
    const send = async (calls: readonly HolderCall[]) => {
      const held = new Set(await this.sender.send<string[]>(this.statements[name], calls));
      return calls.map(({ key }) => held.has(key));
    };
    return new Batcher({ ...this.batches(name, kindOf), send });
  }

  /** Calls for one key share a batch only if they are of one kind. */
  private batches<Call extends { readonly key: string }>(name: string, kindOf: (call: Call) => unknown) {
    const { timeoutMs } = this;
    return {
      timeoutMs,
      onTimeout: () => tooSlow(name, timeoutMs),
      maxCalls: 1_000,
      isFaultOfOne: isRefusedValue,
      newBatch: () => {
        const kinds = new Map<string, unknown>();
        return (call: Call) => {
          const kind = kindOf(call);
          if (!kinds.has(call.key)) {
            kinds.set(call.key, kind);
          }
          return kinds.get(call.key) === kind;
        };
      },
    };
  }
}
