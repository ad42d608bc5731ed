import { setTimeout as wait } from 'node:timers/promises';
import { PgBoss } from 'pg-boss';
import { hasErrorCode, ScalekitWebhookError } from '../../scalekit-webhook.errors.js';
import { settlesWithin } from '../../shared/within.js';
import { JobTable } from './job-table.sql.js';
import type { PgBossDispatcherOptions, PgBossSettings } from './pg-boss-dispatcher.options.js';

const RETRY_MS = 1_000;
const CLOSE_MS = 2_000;
/** Connections of the pool: statements of a worker, of a receiver and of pg-boss itself overlap. */
const POOL_SIZE = 5;
/** The versions of pg-boss's tables on which the tests ran: pg-boss 12.38. */
const SCHEMA_VERSIONS: readonly number[] = [46];
/** 68 years: events wait for their workers however long it takes. */
export const FOR_EVER_SECONDS = 2_147_483_647;

/** Errors that waiting would not cure. */
export const isFinal = (error: unknown) =>
  hasErrorCode(error, 'unsupported_schema') || hasErrorCode(error, 'invalid_options');

/** A started pg-boss with the queues of an endpoint. */
export interface OpenBoss {
  readonly boss: PgBoss;
  readonly table: JobTable;
}

/** The pg-boss of an endpoint: started and stopped here, or the user's. Waits for a server that is away. */
export class BossConnection {
  readonly deadLetters: string;
  private readonly boss: PgBoss;
  private readonly isOurs: boolean;
  private readonly table: JobTable;
  private opening: Promise<OpenBoss> | undefined;
  private hasFailed = false;
  private isClosed = false;

  constructor(
    readonly queue: string,
    options: PgBossDispatcherOptions,
    private readonly settings: PgBossSettings,
    private readonly onError: (error: unknown) => void,
    private readonly onOpen: (open: OpenBoss) => Promise<void>,
  ) {
    const { schema, timeoutMs } = settings;
    this.deadLetters = `${queue}-failed`;
    this.isOurs = options.boss === undefined;
    this.boss =
      options.boss ??
      new PgBoss({
        connectionString: options.connectionString,
        schema,
        max: POOL_SIZE,
        connectionTimeoutMillis: timeoutMs,
        schedule: false,
      });
    this.boss.on('error', onError);
    this.table = new JobTable(this.boss.getDb(), schema, queue, this.deadLetters);
  }

  /** Resolves once pg-boss is ready, however long that takes; while the server is away, rejects at once. */
  async open(): Promise<OpenBoss> {
    this.opening ??= this.openAtLast();
    if (this.hasFailed) {
      throw new Error('pg-boss could not be started yet.');
    }
    return this.opening;
  }

  /** A boss of the user's is the user's to stop. */
  async close(): Promise<void> {
    this.isClosed = true;
    if (this.isOurs) {
      await settlesWithin(this.boss.stop({ graceful: false }), CLOSE_MS);
    } else {
      this.boss.off('error', this.onError);
    }
  }

  private async openAtLast(): Promise<OpenBoss> {
    for (;;) {
      try {
        await this.prepare();
        this.hasFailed = false;
        const open = { boss: this.boss, table: this.table };
        await this.onOpen(open);
        return open;
      } catch (error) {
        this.hasFailed = !isFinal(error);
        if (this.isClosed || !this.hasFailed) {
          throw error;
        }
        this.onError(error);
        await wait(RETRY_MS, undefined, { ref: false });
      }
    }
  }

  private async prepare(): Promise<void> {
    const { boss, queue, deadLetters, settings } = this;
    if (this.isOurs) {
      await boss.start();
    }
    await this.checkSchema();
    const retentionSeconds = settings.keepFailedSeconds ?? FOR_EVER_SECONDS;
    await boss.createQueue(deadLetters, { retentionSeconds });
    await boss.updateQueue(deadLetters, { retentionSeconds });
    await boss.createQueue(queue, { deadLetter: deadLetters, retentionSeconds: FOR_EVER_SECONDS });
    await this.checkQueues();
  }

  /** All jobs of an event share a `singletonKey`: a policy other than `standard` would drop jobs without an error. */
  private async checkQueues(): Promise<void> {
    const { queue, settings } = this;
    const queues = await this.table.queues();
    if (!queues.some(({ name }) => name === queue)) {
      throw new ScalekitWebhookError(
        'invalid_options',
        `pgBossDispatcher() finds no queue "${queue}" in the schema "${settings.schema}". Give it the schema of its boss.`,
      );
    }
    const wrong = queues.find(({ policy }) => policy !== 'standard');
    if (wrong) {
      throw new ScalekitWebhookError(
        'invalid_options',
        `pgBossDispatcher() can't use the queue "${wrong.name}", which has the policy "${wrong.policy}": pg-boss would drop or delay ` +
          'jobs. Give it another queueName, or delete the queue: it is then created with the policy "standard".',
      );
    }
  }

  /** `JobTable` has SQL on pg-boss's tables, which change between versions. */
  private async checkSchema(): Promise<void> {
    const version = Number(await this.boss.schemaVersion());
    if (!SCHEMA_VERSIONS.includes(version)) {
      throw new ScalekitWebhookError(
        'unsupported_schema',
        `pgBossDispatcher() supports pg-boss with schema version ${SCHEMA_VERSIONS.join(', ')}, but the schema "${this.settings.schema}" ` +
          `has version ${version}. Install a version of pg-boss that this package names as a peer dependency.`,
      );
    }
  }
}
