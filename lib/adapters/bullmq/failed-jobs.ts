import type { Job, JobType, Queue } from 'bullmq';
import type { FailedEvent, FailedEventPage, FailedEventPosition } from '../../dispatch/event-dispatcher.js';
import { ALL_HANDLERS, type EventJob } from '../../dispatch/event-job.js';
import type { DeadLetter, FailedJobs, LiveJob } from '../../dispatch/queues/dead-letters.js';
import type { EngineHost } from '../../dispatch/queues/queue.dispatcher.js';
import { endpointPrefix, eventPrefix } from './job-id.js';

type BullMqJob = Job<EventJob>;

export interface BullMqLetter extends DeadLetter {
  readonly job: BullMqJob;
}

/** How many jobs are fetched at once: their bodies may be large. */
const FETCH_SIZE = 50;
/** BullMQ 5 keeps the waiting jobs of a paused queue apart. */
const LIVE = ['waiting', 'prioritized', 'delayed', 'active', 'waiting-children', 'paused'] as JobType[];

/** BullMQ's failed jobs as dead letters. All ids are listed for each page, so that none is missed while jobs come and go. */
export class BullMqFailedJobs implements FailedJobs<BullMqLetter> {
  readonly cursor = /^\d{15} ./s;

  constructor(
    private readonly host: Pick<EngineHost, 'namespace' | 'endpoint'>,
    private readonly queue: Queue,
  ) {}

  async page({ limit, cursor }: FailedEventPosition): Promise<FailedEventPage> {
    const ids = await this.idsWith(endpointPrefix(this.host), ['failed']);
    let next = cursor === undefined ? 0 : await this.positionAfter(cursor, ids);
    const page: BullMqJob[] = [];
    while (page.length < limit && next < ids.length) {
      const size = Math.min(limit - page.length, FETCH_SIZE);
      page.push(...(await this.fetchFailed(ids.slice(next, next + size))));
      next += size;
    }
    const last = page.at(-1);
    return {
      events: page.map(failedEvent),
      cursor: last && next < ids.length ? cursorOf(last) : undefined,
    };
  }

  async lettersOf(eventId: string): Promise<BullMqLetter[]> {
    const ids = await this.idsWith(eventPrefix(this.host, eventId), ['failed']);
    const jobs = await this.fetchFailed(ids);
    return jobs.map((job) => ({ name: `${job.id} ${job.finishedOn}`, data: job.data, job }));
  }

  async liveJobsOf(eventId: string): Promise<LiveJob[]> {
    const jobs = await this.fetch(await this.idsWith(eventPrefix(this.host, eventId), LIVE));
    return Promise.all(jobs.map(async (job) => ({ data: job.data, isRunning: await job.isActive() })));
  }

  async retry({ job }: BullMqLetter, data: EventJob): Promise<boolean> {
    return isChanged(job, async () => {
      if (data !== job.data) {
        await job.updateData(data);
      }
      await job.retry('failed', { resetAttemptsMade: true });
    });
  }

  async remove(letters: readonly BullMqLetter[]): Promise<number> {
    let count = 0;
    for (const { job } of letters) {
      if (await isChanged(job, () => job.remove())) {
        count++;
      }
    }
    return count;
  }

  /** Failed jobs come oldest first. */
  private async idsWith(prefix: string, states: JobType[]): Promise<string[]> {
    const ids = await this.queue.getRanges(states, 0, -1, true);
    return ids.filter((id) => id.startsWith(prefix));
  }

  /** The jobs that still exist. */
  private async fetch(ids: readonly string[]): Promise<BullMqJob[]> {
    const jobs = await Promise.all(ids.map((id) => this.queue.getJob(id) as Promise<BullMqJob | undefined>));
    return jobs.filter((job) => job !== undefined);
  }

  private async fetchFailed(ids: readonly string[]): Promise<BullMqJob[]> {
    return (await this.fetch(ids)).filter(({ finishedOn }) => finishedOn !== undefined);
  }

  /** The index of the first job after the cursor, even if the cursor's job no longer exists. */
  private async positionAfter(cursor: string, ids: string[]): Promise<number> {
    let [low, high] = [0, ids.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const [job] = await this.fetchFailed(ids.slice(middle, middle + 1));
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
}

/** Returns false if the job is not failed any more, in which case BullMQ throws. */
async function isChanged(job: BullMqJob, change: () => Promise<void>): Promise<boolean> {
  try {
    await change();
    return true;
  } catch (error) {
    if (await job.isFailed()) {
      throw error;
    }
    return false;
  }
}

/** Sorts like BullMQ's list: by time, then by id. */
function cursorOf({ finishedOn = 0, id = '' }: BullMqJob): string {
  return `${String(finishedOn).padStart(15, '0')} ${id}`;
}

function failedEvent({ data, failedReason, attemptsMade, finishedOn = 0 }: BullMqJob): FailedEvent {
  return {
    eventId: data.eventId,
    type: data.type,
    handler: data.handler ?? ALL_HANDLERS,
    organizationId: data.organizationId,
    reason: failedReason,
    attempts: attemptsMade,
    failedAt: new Date(finishedOn),
  };
}
