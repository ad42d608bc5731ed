import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { requireCursor } from '../../idempotency/failure.ledger.js';
import type { EventJob } from '../event-job.js';
import type { EventJobs } from '../event-jobs.js';
import type {
  FailedEventPage,
  FailedEventPosition,
  FailedEvents,
  ReplayOptions,
} from '../event-dispatcher.js';

export interface DeadLetter {
  /** Names this failure: the same job gets another name when it fails again. */
  readonly name: string;
  readonly data: EventJob;
}

/** A job that waits or runs. */
export interface LiveJob {
  readonly data: EventJob;
  readonly isRunning: boolean;
}

/** How long a replay waits for jobs that run. A handler that finishes in this time is started again, too. */
const SETTLE_MS = 2_000;
const POLL_MS = 50;

/** What an engine does with the failed jobs of one endpoint. */
export interface FailedJobs<Letter extends DeadLetter> {
  /** What the cursors of its pages look like. */
  readonly cursor: RegExp;
  page(query: FailedEventPosition): Promise<FailedEventPage>;
  /** An event's dead letters, oldest first. */
  lettersOf(eventId: string): Promise<readonly Letter[]>;
  /** An event's jobs that wait or run. */
  liveJobsOf(eventId: string): Promise<readonly LiveJob[]>;
  /** Puts a dead letter's job back with all its attempts. Returns false if it is no dead letter any more. */
  retry(letter: Letter, data: EventJob): Promise<boolean>;
  /** Forgets the dead letters. Returns how many there were. */
  remove(letters: readonly Letter[]): Promise<number>;
}

/** The dead letters of an endpoint with a queue. Calls for the same event run one after the other, in all processes. */
export class DeadLetters<Letter extends DeadLetter> implements FailedEvents {
  constructor(
    private readonly failedJobs: FailedJobs<Letter>,
    private readonly add: (jobs: readonly EventJob[]) => Promise<void>,
    private readonly jobs: EventJobs,
  ) {}

  async failed(query: FailedEventPosition): Promise<FailedEventPage> {
    requireCursor(query.cursor, this.failedJobs.cursor);
    return this.failedJobs.page(query);
  }

  async replay(eventId: string, { all }: Required<ReplayOptions>): Promise<number> {
    return this.jobs.oneAtATime(eventId, async () => {
      if ((await this.failedJobs.lettersOf(eventId)).length === 0) {
        return 0;
      }
      // Read before the dead letters: a job that fails in between is in both lists, and not in none.
      const live = all ? await this.unfinishedJobsOf(eventId) : [];
      const letters = await this.failedJobs.lettersOf(eventId);
      // Queued before the dead letters are gone: after a crash in between, the same replay finds the same jobs.
      const others = all ? this.finishedOnes(letters, live) : [];
      await this.add(others);
      let count = others.filter(({ handler }) => handler !== undefined).length;
      for (const letter of letters) {
        if (await this.failedJobs.retry(letter, afresh(letter.data, all))) {
          count++;
        }
      }
      return count;
    });
  }

  async discard(eventId: string): Promise<number> {
    return this.jobs.oneAtATime(eventId, async () =>
      this.failedJobs.remove(await this.failedJobs.lettersOf(eventId)),
    );
  }

  private async unfinishedJobsOf(eventId: string): Promise<readonly EventJob[]> {
    const deadline = Date.now() + SETTLE_MS;
    let live = await this.failedJobs.liveJobsOf(eventId);
    while (live.some(({ isRunning }) => isRunning) && Date.now() < deadline) {
      await wait(POLL_MS);
      live = await this.failedJobs.liveJobsOf(eventId);
    }
    return live.map(({ data }) => data);
  }

  /** The jobs of the handlers that have neither failed nor still have a job of their own. */
  private finishedOnes(letters: readonly DeadLetter[], live: readonly EventJob[]): readonly EventJob[] {
    const [oldest] = letters;
    const present = [...letters.map(({ data }) => data), ...live];
    if (!oldest || present.some(({ handler }) => handler === undefined)) {
      return []; // A job for the whole event starts all of them.
    }
    const run = createHash('sha256').update(oldest.name).digest('base64url');
    return this.jobs.replayOf(oldest.data, run, new Set(present.flatMap(({ handler = [] }) => handler)));
  }
}

/** The job as it is queued again. With `all`, one for a whole event starts the finished handlers, too. */
function afresh({ wrongPicks: _, finished, ...data }: EventJob, all: boolean): EventJob {
  return all || !finished ? data : { ...data, finished };
}
