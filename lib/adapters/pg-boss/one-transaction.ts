import type { JobAttempt, JobInsert } from 'pg-boss';
import type { EventJob } from '../../dispatch/event-job.js';
import type { EngineHost } from '../../dispatch/queues/queue.dispatcher.js';
import {
  type AcceptResult,
  type CompletionWithRemoval,
  type FinishedJob,
  type InboxEvent,
  inboxOf,
  type InboxRecords,
  type TransactionalInbox,
} from '../../idempotency/transactional-inbox.js';
import { Batcher } from '../../shared/batcher.js';
import { messageOf } from '../../shared/describe-error.js';
import { within } from '../../shared/within.js';
import { isRefusedValue } from '../postgres/sql-state.js';
import type { OpenBoss } from './boss-connection.js';

const MAX_EVENTS = 1_000;
/** Of jobs in one statement: some event is always sent. */
const MAX_BYTES = 4 * 1_048_576;

interface Arrival {
  readonly event: InboxEvent;
  readonly jobs: readonly EventJob[];
}

interface Settings {
  readonly queue: string;
  readonly timeoutMs: number;
  readonly toInsert: (job: EventJob) => JobInsert<EventJob> & { readonly id: string };
  readonly onAdded: () => void;
}

/** Changes queue and ledger in one transaction: events are claimed and queued, handlers completed and their jobs removed. */
export class OneTransaction {
  private readonly arrivals: Batcher<Arrival, AcceptResult>;
  private readonly finished: Batcher<FinishedJob, boolean>;

  private constructor(
    private readonly inbox: TransactionalInbox,
    { store }: EngineHost,
    private readonly open: OpenBoss,
    private readonly settings: Settings,
  ) {
    const { timeoutMs } = settings;
    const batches = {
      timeoutMs,
      onTimeout: () => new Error(`PostgreSQL did not confirm within ${timeoutMs} ms.`),
      maxCalls: MAX_EVENTS,
      isFaultOfOne: isRefusedValue,
    };
    this.arrivals = new Batcher({
      ...batches,
      // A statement costs as much as 20 events in it: two at a time share the events, and queue a fifth fewer a second.
      maxUnderWay: 1,
      send: (arrivals) => this.sendArrivals(arrivals),
      newBatch: () => {
        let bytes = 0;
        return ({ jobs }) => {
          const isFirst = bytes === 0;
          bytes += jobs.reduce((sum, { rawBody }) => sum + rawBody.length, 1);
          return isFirst || bytes <= MAX_BYTES;
        };
      },
      onLateAnswer: ({ event }, answer) => {
        if (answer.status === 'acquired') {
          void Promise.resolve(store.release(event.key, answer.token)).catch(() => undefined); // Else the lease runs out.
        }
      },
    });
    this.finished = new Batcher({
      ...batches,
      send: (jobs) => inbox.finish(jobs, open.table.statements.remove),
    });
  }

  /** Resolves to undefined where the store has no inbox, or cannot change this queue; then the reason is logged. */
  static async tryToOpen(
    host: EngineHost,
    open: OpenBoss,
    settings: Settings,
  ): Promise<OneTransaction | undefined> {
    const inbox = inboxOf(host.store);
    if (!inbox) {
      return undefined;
    }
    const transaction = new OneTransaction(inbox, host, open, settings);
    const obstacle = await within(
      settings.timeoutMs,
      transaction.findObstacle(),
      () => `the store did not answer within ${settings.timeoutMs} ms`,
    ).catch((error: unknown) => messageOf(error instanceof Error ? (error.cause ?? error) : error));
    host.log(
      `store and queue: ${obstacle === undefined ? 'one transaction' : `a transaction each (${obstacle})`}`,
    );
    return obstacle === undefined ? transaction : undefined;
  }

  accept(event: InboxEvent, jobs: readonly EventJob[]): Promise<AcceptResult> {
    return this.arrivals.run({ event, jobs });
  }

  removalOf({ id, retryCount }: JobAttempt): CompletionWithRemoval {
    const job = { id, retryCount };
    return {
      complete: ({ key, token, ttlMs }) => this.finished.run({ key, token, ttlMs, job }),
      completeWithin: async (records, { key, token, ttlMs }) => {
        const { finish } = records as InboxRecords;
        const [isHeld] = await finish([{ key, token, ttlMs, job }], this.open.table.statements.remove);
        return isHeld === true;
      },
    };
  }

  /** What keeps store and queue apart: they are in different databases, or the store may not use the queue's tables. */
  private async findObstacle(): Promise<string | undefined> {
    const { table } = this.open;
    const seen = JSON.stringify(await this.inbox.ask(table.statements.identity));
    if (seen !== (await table.identity())) {
      return 'they are in different databases';
    }
    await this.sendArrivals([]);
    await this.inbox.finish([], table.statements.remove);
    return undefined;
  }

  /** pg-boss writes the statement and the jobs; the store sends them, together with its own. */
  private async sendArrivals(arrivals: readonly Arrival[]): Promise<readonly AcceptResult[]> {
    const { boss, table } = this.open;
    const { queue, toInsert, onAdded } = this.settings;
    const jobs = new Map<string, { readonly key: string; readonly insert: JobInsert<EventJob> }>();
    for (const { event, jobs: wanted } of arrivals) {
      for (const insert of wanted.map(toInsert)) {
        if (!jobs.has(insert.id)) {
          jobs.set(insert.id, { key: event.key, insert });
        }
      }
    }
    const all = [...jobs.values()];
    let results: readonly AcceptResult[] = [];
    const db = {
      executeSql: async (insert: string, values: unknown[] = []) => {
        results = await this.inbox.accept(
          arrivals.map(({ event }) => event),
          {
            insert,
            revive: table.statements.revive,
            jobs: String(values[0]),
            keys: all.map(({ key }) => key),
          },
        );
        return { rows: [] };
      },
    };
    await boss.insert(
      queue,
      all.map(({ insert }) => insert),
      { db, returnId: true },
    );
    onAdded();
    return results;
  }
}
