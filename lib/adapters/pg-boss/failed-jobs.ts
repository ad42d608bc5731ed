import type { JobWithMetadata } from 'pg-boss';
import type { FailedEvent, FailedEventPage, FailedEventPosition } from '../../dispatch/event-dispatcher.js';
import { ALL_HANDLERS, type EventJob } from '../../dispatch/event-job.js';
import type { DeadLetter, FailedJobs, LiveJob } from '../../dispatch/queues/dead-letters.js';
import type { EngineHost } from '../../dispatch/queues/queue.dispatcher.js';
import type { BossConnection } from './boss-connection.js';
import { eventKeyOf } from './job-id.js';
import type { DeadLetterSummary } from './job-table.sql.js';
import { jsonOf, textOf } from './read-row.js';

const LIVE: readonly string[] = ['created', 'retry', 'active'];

/** The jobs in pg-boss's dead letter queue. */
export class PgBossFailedJobs implements FailedJobs<DeadLetter> {
  readonly cursor = /^\d{1,18}_[\da-f-]{36}$/;

  constructor(
    private readonly host: Pick<EngineHost, 'namespace' | 'endpoint'>,
    private readonly connection: BossConnection,
    private readonly put: (jobs: readonly EventJob[]) => Promise<void>,
  ) {}

  async page({ limit, cursor }: FailedEventPosition): Promise<FailedEventPage> {
    const { table } = await this.connection.open();
    const letters = await table.page(this.host, limit + 1, cursor);
    const page = letters.slice(0, limit);
    return {
      events: page.map(failedEvent),
      cursor: letters.length > limit ? page.at(-1)?.cursor : undefined,
    };
  }

  async lettersOf(eventId: string): Promise<DeadLetter[]> {
    const letters = await this.find(this.connection.deadLetters, eventId);
    return letters
      .filter(({ state }) => state === 'created' || state === 'retry')
      .map(({ id, data }) => ({ name: textOf(id), data: jsonOf(data) as EventJob }));
  }

  async liveJobsOf(eventId: string): Promise<LiveJob[]> {
    const jobs = await this.find(this.connection.queue, eventId);
    return jobs
      .filter(({ state }) => LIVE.includes(state))
      .map(({ data, state }) => ({ data: jsonOf(data) as EventJob, isRunning: state === 'active' }));
  }

  /** Queued before it is forgotten: a crash between leaves a letter of a job that has finished. */
  async retry(letter: DeadLetter, data: EventJob): Promise<boolean> {
    await this.put([data]);
    await this.remove([letter]);
    return true;
  }

  async remove(letters: readonly DeadLetter[]): Promise<number> {
    const { table } = await this.connection.open();
    return table.forget(letters.map(({ name }) => name));
  }

  /** Oldest first. */
  private async find(queue: string, eventId: string): Promise<JobWithMetadata[]> {
    const { boss } = await this.connection.open();
    return boss.findJobs(queue, { key: eventKeyOf({ ...this.host, eventId }) });
  }
}

function failedEvent({
  eventId,
  type,
  handler,
  organizationId,
  reason,
  attempts,
  failedAtMs,
}: DeadLetterSummary): FailedEvent {
  const failedAt = new Date(failedAtMs);
  return {
    eventId,
    type,
    handler: handler ?? ALL_HANDLERS,
    organizationId: organizationId ?? undefined,
    reason,
    attempts,
    failedAt,
  };
}
