import { randomUUID } from 'node:crypto';
import type { EventJobs } from '../../dispatch/event-jobs.js';
import type {
  FailedEvent,
  FailedEventPage,
  FailedEvents,
  ReplayOptions,
} from '../../dispatch/failed-events.js';
import type { BossConnection } from './boss-connection.js';
import { eventKeyOf } from './job-id.js';
import type { JobQueue } from './job-queue.js';
import type { DeadLetter, DeadLetterSummary } from './job-table.js';

/** Of a whole event that could not be split into its handlers' jobs. */
const ALL_HANDLERS = '*';

/** The jobs in pg-boss's dead letter queue. */
export class FailedJobs implements FailedEvents {
  constructor(
    private readonly endpoint: string,
    private readonly connection: BossConnection,
    private readonly queue: JobQueue,
    private readonly jobs: EventJobs,
  ) {}

  async failed({
    limit,
    cursor,
  }: {
    readonly limit: number;
    readonly cursor: string | undefined;
  }): Promise<FailedEventPage> {
    const { table } = await this.connection.open();
    const letters = await table.page(this.endpoint, limit + 1, cursor);
    const page = letters.slice(0, limit);
    return {
      events: page.map(failedEvent),
      cursor: letters.length > limit ? page.at(-1)?.cursor : undefined,
    };
  }

  /** Queued before they are forgotten: a crash between leaves a letter of a job that has finished. */
  async replay(eventId: string, { all }: Required<ReplayOptions>): Promise<number> {
    const letters = await this.lettersOf(eventId);
    const [first] = letters;
    if (!first) {
      return 0;
    }
    const again = all ? this.jobs.replayOf(first.data, randomUUID()) : letters.map(({ data }) => data);
    await this.queue.add(again);
    await this.forget(letters);
    return again.length;
  }

  async discard(eventId: string): Promise<number> {
    return this.forget(await this.lettersOf(eventId));
  }

  private async lettersOf(eventId: string): Promise<DeadLetter[]> {
    const { table } = await this.connection.open();
    return table.deadLettersOf(eventKeyOf({ endpoint: this.endpoint, eventId }));
  }

  private async forget(letters: readonly DeadLetter[]): Promise<number> {
    const { table } = await this.connection.open();
    return table.forget(letters.map(({ id }) => id));
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
