import { setTimeout as wait } from 'node:timers/promises';
import type { JobAttempt } from 'pg-boss';
import type { EngineHost, Settlement } from '../../dispatch/queues/queue.dispatcher.js';
import { Batcher } from '../../shared/batcher.js';
import { messageOf } from '../../shared/describe-error.js';
import { settlesWithin } from '../../shared/within.js';
import type { BossConnection } from './boss-connection.js';
import type { GivenBack } from './job-table.sql.js';

/** What a worker needs of a fetched job. */
export interface Job extends JobAttempt {
  readonly retryLimit: number;
  readonly data: unknown;
}

const RETRY_MS = 1_000;

/** Tells pg-boss what became of a worker's jobs, however long the server is away. */
export class JobSettlements {
  private readonly finished: Batcher<JobAttempt, unknown>;

  constructor(
    private readonly host: EngineHost,
    private readonly connection: BossConnection,
    private readonly timeoutMs: number,
  ) {
    this.finished = new Batcher({
      send: (jobs) => this.remove(jobs),
      timeoutMs,
      onTimeout: () => new Error(`PostgreSQL did not confirm within ${timeoutMs} ms that a job is done.`),
      maxCalls: 100,
      maxUnderWay: 1,
    });
  }

  async settle(job: Job, settlement: Settlement, isClosing: () => boolean): Promise<void> {
    if (settlement.status === 'done' && settlement.isRemoved) {
      return;
    }
    while (!(await this.isSettled(job, settlement)) && !isClosing()) {
      await wait(RETRY_MS);
    }
  }

  /** What is said twice, because the first answer is late, does no harm: it counts for this attempt only. */
  private async isSettled(job: Job, settlement: Settlement): Promise<boolean> {
    const failed = this.tell(job, settlement).then(
      () => undefined,
      (error: unknown) => error,
    );
    const late = new Error('PostgreSQL did not confirm in time what became of a job.');
    const failure = (await settlesWithin(failed, this.timeoutMs)) ? await failed : late;
    if (failure !== undefined) {
      this.host.onError(failure);
    }
    return failure === undefined;
  }

  private async tell(job: Job, settlement: Settlement): Promise<void> {
    switch (settlement.status) {
      case 'done':
        await this.finished.run(job);
        return;
      case 'later': {
        const { afterMs, job: data } = settlement;
        return this.giveBack({ ...attemptOf(job), afterMs, countsAttempt: false, ...(data && { data }) });
      }
      case 'failed': {
        const { error, retryAfterMs: afterMs = 0 } = settlement;
        const reason = storable(messageOf(error));
        return job.retryCount < job.retryLimit
          ? this.giveBack({ ...attemptOf(job), afterMs, countsAttempt: true, reason })
          : this.giveUp(job, reason);
      }
      case 'unrecoverable':
        return this.giveUp(job, storable(messageOf(settlement.error)));
    }
  }

  private async giveBack(job: GivenBack): Promise<void> {
    const { table } = await this.connection.open();
    await table.giveBack([job]);
  }

  /** The job becomes a dead letter. */
  async giveUp(job: JobAttempt, message: string): Promise<void> {
    const { boss, table } = await this.connection.open();
    await table.makeLastAttempt(job);
    await boss.fail(this.connection.queue, [attemptOf(job)], { message });
  }

  /** Not completed: pg-boss would keep the payload, and the id, for a week. */
  private async remove(jobs: readonly JobAttempt[]): Promise<unknown[]> {
    const { boss } = await this.connection.open();
    await boss.deleteJob(this.connection.queue, jobs.map(attemptOf));
    return [];
  }
}

export function attemptOf({ id, retryCount }: JobAttempt): JobAttempt {
  return { id, retryCount };
}

/** PostgreSQL refuses U+0000, and jsonb lone surrogates. */
function storable(text: string): string {
  return Buffer.from(text.replaceAll('\0', '\ufffd')).toString();
}
