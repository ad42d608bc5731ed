import type { EventJob } from '../../dispatch/event-job.js';
import type { FailedEvent, FailedEventPage, FailedEventQuery } from '../../dispatch/failed-events.js';
import {
  ALL_HANDLERS,
  type DeadLetter,
  type FailedJobs,
  type LiveJob,
} from '../../dispatch/queues/dead-letters.js';
import type { BossConnection } from './boss-connection.js';
import { eventKeyOf } from './job-id.js';
import type { JobQueue } from './job-queue.js';
import type { DeadLetterSummary } from './job-table.js';

const LIVE: readonly string[] = ['created', 'retry', 'active'];

/** The jobs in pg-boss's dead letter queue. */
export class PgBossFailedJobs implements FailedJobs<DeadLetter> {
  constructor(
    private readonly endpoint: string,
    private readonly connection: BossConnection,
    private readonly queue: JobQueue,
  ) {}

  async page({ limit, cursor }: Required<FailedEventQuery>): Promise<FailedEventPage> {
    const { table } = await this.connection.open();
    const letters = await table.page(this.endpoint, limit + 1, cursor);
    const page = letters.slice(0, limit);
    return {
      events: page.map(failedEvent),
      cursor: letters.length > limit ? page.at(-1)?.cursor : undefined,
    };
  }

  async lettersOf(eventId: string): Promise<DeadLetter[]> {
    const { table } = await this.connection.open();
    return table.deadLettersOf(this.keyOf(eventId));
  }

  async liveJobsOf(eventId: string): Promise<LiveJob[]> {
    const { boss } = await this.connection.open();
    const jobs = await boss.findJobs<EventJob>(this.connection.queue, { key: this.keyOf(eventId) });
    return jobs
      .filter(({ state }) => LIVE.includes(state))
      .map(({ data, state }) => ({ data, isRunning: state === 'active' }));
  }

  add(jobs: readonly EventJob[]): Promise<void> {
    return this.queue.add(jobs);
  }

  /** Queued before it is forgotten: a crash between leaves a letter of a job that has finished. */
  async retry(letter: DeadLetter, data: EventJob): Promise<boolean> {
    await this.queue.add([data]);
    await this.remove([letter]);
    return true;
  }

  async remove(letters: readonly DeadLetter[]): Promise<number> {
    const { table } = await this.connection.open();
    return table.forget(letters.map(({ name }) => name));
  }

  private keyOf(eventId: string): string {
    return eventKeyOf({ endpoint: this.endpoint, eventId });
  }
}

function failedEvent({
  eventId,
  type,
  handler,
  reason,
  attempts,
  failedAtMs,
}: DeadLetterSummary): FailedEvent {
  const failedAt = new Date(failedAtMs);
  return { eventId, type, handler: handler ?? ALL_HANDLERS, reason, attempts, failedAt };
}
