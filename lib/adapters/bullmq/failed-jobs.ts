import { randomUUID } from 'node:crypto';
import type { Job } from 'bullmq';
import type { EventJob } from '../../dispatch/event-job.js';
import type { EventJobs } from '../../dispatch/event-jobs.js';
import type {
  FailedEvent,
  FailedEventPage,
  FailedEvents,
  ReplayOptions,
} from '../../dispatch/failed-events.js';
import { endpointPrefix, eventPrefix } from './job-id.js';
import type { JobQueue } from './job-queue.js';

type FailedJob = Job<EventJob>;

/** Of a whole event that could not be split into its handlers' jobs. */
const ALL_HANDLERS = '*';
/** Bodies may be large: so many jobs are fetched at once. */
const FETCH_SIZE = 50;

/** BullMQ's failed jobs as dead letters. Ids are listed whole, so that nothing is missed while others come and go. */
export class FailedJobs implements FailedEvents {
  constructor(
    private readonly endpoint: string,
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
    const ids = await this.idsWith(endpointPrefix(this.endpoint));
    let next = cursor === undefined ? 0 : await this.positionAfter(cursor, ids);
    const page: FailedJob[] = [];
    while (page.length < limit && next < ids.length) {
      const size = Math.min(limit - page.length, FETCH_SIZE);
      page.push(...(await this.fetch(ids.slice(next, next + size))));
      next += size;
    }
    const last = page.at(-1);
    return {
      events: page.map(failedEvent),
      cursor: last && next < ids.length ? cursorOf(last) : undefined,
    };
  }

  async replay(eventId: string, { all }: Required<ReplayOptions>): Promise<number> {
    const failed = await this.failedOf(eventId);
    const [first] = failed;
    if (!all || !first) {
      return this.countOf(failed, (job) => job.retry('failed', { resetAttemptsMade: true }));
    }
    const again = this.jobs.replayOf(first.data, randomUUID());
    await this.queue.add(again);
    await this.countOf(failed, (job) => job.remove());
    return again.length;
  }

  async discard(eventId: string): Promise<number> {
    return this.countOf(await this.failedOf(eventId), (job) => job.remove());
  }

  private async failedOf(eventId: string): Promise<FailedJob[]> {
    return this.fetch(await this.idsWith(eventPrefix(this.endpoint, eventId)));
  }

  /** Oldest first. */
  private async idsWith(prefix: string): Promise<string[]> {
    const ids = await this.queue.bull.getRanges(['failed'], 0, -1, true);
    return ids.filter((id) => id.startsWith(prefix));
  }

  /** Those that are still dead letters. */
  private async fetch(ids: readonly string[]): Promise<FailedJob[]> {
    const jobs = await Promise.all(
      ids.map((id) => this.queue.bull.getJob(id) as Promise<FailedJob | undefined>),
    );
    return jobs.filter((job) => job?.finishedOn !== undefined) as FailedJob[];
  }

  /** Where the page after the cursor's job begins, whether that is still there or not. */
  private async positionAfter(cursor: string, ids: string[]): Promise<number> {
    let [low, high] = [0, ids.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const [job] = await this.fetch(ids.slice(middle, middle + 1));
      if (!job) {
        ids.splice(middle, 1);
        high--;
      } else if (cursorOf(job) > cursor) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  /** How many are changed by us: somebody else may have been first. */
  private async countOf(
    jobs: readonly FailedJob[],
    change: (job: FailedJob) => Promise<void>,
  ): Promise<number> {
    let count = 0;
    for (const job of jobs) {
      try {
        await change(job);
        count++;
      } catch (error) {
        if (await job.isFailed()) {
          throw error;
        }
      }
    }
    return count;
  }
}

/** Sorts as BullMQ sorts them: by time, then by id. */
function cursorOf({ finishedOn = 0, id = '' }: FailedJob): string {
  return `${String(finishedOn).padStart(15, '0')} ${id}`;
}

function failedEvent({ data, failedReason, attemptsMade, finishedOn = 0 }: FailedJob): FailedEvent {
  return {
    eventId: data.eventId,
    type: data.type,
    handler: data.handler ?? ALL_HANDLERS,
    reason: failedReason,
    attempts: attemptsMade,
    failedAt: new Date(finishedOn),
  };
}
