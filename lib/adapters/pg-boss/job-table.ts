import type { Db, JobAttempt } from 'pg-boss';
import type { EventJob } from '../../dispatch/event-job.js';
import type { DeadLetter } from '../../dispatch/queues/dead-letters.js';

/** A worker that dies with a job is not the handler's failure; this many more attempts, and it may well be. */
const SPARE_ATTEMPTS = 10;

export interface GivenBack extends JobAttempt {
  readonly afterMs: number;
  readonly countsAttempt: boolean;
  readonly reason?: string;
}

export interface QueuedJob {
  readonly id: string;
  readonly data: EventJob;
  readonly retryLimit: number;
}

export interface DeadLetterSummary {
  readonly eventId: string;
  readonly type: string;
  readonly handler: string | null;
  readonly reason: string;
  readonly attempts: number;
  readonly failedAtMs: number;
  readonly cursor: string;
}

/** What pg-boss has no call for, in SQL on its own table, through its own connection. */
export class JobTable {
  private readonly table: string;

  constructor(
    private readonly db: Db,
    private readonly schema: string,
    private readonly queue: string,
    private readonly deadLetters: string,
  ) {
    this.table = `${schema}.job`;
  }

  async hasQueue(): Promise<boolean> {
    const rows = await this.ask(`SELECT 1 FROM ${this.schema}.queue WHERE name = $1`, [this.queue]);
    return rows.length > 0;
  }

  /** Back to the queue. An attempt counts when a job that has been started is fetched again. */
  async giveBack(jobs: readonly GivenBack[]): Promise<void> {
    const given = jobs.map(({ id, retryCount, afterMs, countsAttempt, reason }) => ({
      ...{ id, retry_count: retryCount, after_ms: afterMs, counts: countsAttempt },
      output: reason === undefined ? null : { message: reason },
    }));
    await this.ask(
      `UPDATE ${this.table} j
       SET state = 'retry', heartbeat_on = NULL, start_after = now() + g.after_ms * interval '1 millisecond',
         started_on = CASE WHEN g.counts THEN j.started_on END, output = g.output
       FROM json_to_recordset($2::text::json)
         AS g (id uuid, retry_count int, after_ms float8, counts boolean, output jsonb)
       WHERE j.name = $1 AND j.id = g.id AND j.retry_count = g.retry_count AND j.state = 'active'`,
      [this.queue, JSON.stringify(given)],
    );
  }

  /**
   * The endpoint's jobs of processes that have died go back to the queue: others who share it may give no signs.
   * Returns those that have been there too often.
   */
  async takeBack(endpoint: string, silentSeconds: number): Promise<JobAttempt[]> {
    const silent = `name = $1 AND state = 'active' AND data->>'endpoint' = $3
      AND heartbeat_on < now() - $2::float8 * interval '1 second'`;
    const values = [this.queue, silentSeconds, endpoint];
    const isExhausted = `retry_count >= retry_limit + ${SPARE_ATTEMPTS}`;
    await this.ask(
      `UPDATE ${this.table} SET state = 'retry', heartbeat_on = NULL, start_after = now()
       WHERE name = $1 AND id = ANY (ARRAY(
         SELECT id FROM ${this.table} WHERE ${silent} AND NOT ${isExhausted} FOR UPDATE SKIP LOCKED))`,
      values,
    );
    return this.ask<JobAttempt>(
      `SELECT id, retry_count AS "retryCount" FROM ${this.table} WHERE ${silent} AND ${isExhausted}`,
      values,
    );
  }

  /** The attempt that runs becomes the last one. */
  async makeLastAttempt({ id, retryCount }: JobAttempt): Promise<void> {
    await this.ask(
      `UPDATE ${this.table} SET retry_limit = LEAST(retry_limit, retry_count)
       WHERE name = $1 AND id = $2 AND retry_count = $3 AND state = 'active'`,
      [this.queue, id, retryCount],
    );
  }

  /** Those of the jobs that have ended start anew, and are dead letters no longer. */
  async revive(jobs: readonly QueuedJob[]): Promise<void> {
    const wanted = jobs.map(({ id, data, retryLimit }) => ({ id, data, retry_limit: retryLimit }));
    await this.ask(
      `WITH revived AS (
         UPDATE ${this.table} j
         SET state = 'created', data = w.data, retry_count = 0, retry_limit = w.retry_limit, created_on = now(),
           start_after = now(), started_on = NULL, completed_on = NULL, heartbeat_on = NULL, output = NULL,
           keep_until = now() + (j.keep_until - j.start_after)
         FROM json_to_recordset($2::text::json) AS w (id uuid, data jsonb, retry_limit int)
         WHERE j.name = $1 AND j.id = w.id AND j.state > 'active'
         RETURNING j.id)
       DELETE FROM ${this.table} d USING revived r WHERE d.name = $3 AND d.source_id = r.id`,
      [this.queue, JSON.stringify(wanted), this.deadLetters],
    );
  }

  /** Oldest first. */
  async page(endpoint: string, limit: number, cursor: string | undefined): Promise<DeadLetterSummary[]> {
    const [micros = null, id = null] = cursor?.split('_') ?? [];
    return this.ask<DeadLetterSummary>(
      `SELECT data->>'eventId' AS "eventId", data->>'type' AS type, data->>'handler' AS handler,
         COALESCE(source_output->>'message', source_output->'value'->>'message', '') AS reason,
         COALESCE(source_retry_count, 0) + 1 AS attempts,
         (extract(epoch from created_on) * 1000)::float8 AS "failedAtMs",
         (extract(epoch from created_on) * 1000000)::bigint || '_' || id AS cursor
       FROM ${this.table}
       WHERE name = $1 AND data->>'endpoint' = $2 AND ($3::float8 IS NULL OR (created_on, id) >
         ('epoch'::timestamptz + $3::float8 * interval '1 microsecond', $4::uuid))
       ORDER BY created_on, id LIMIT $5`,
      [this.deadLetters, endpoint, micros, id, limit],
    );
  }

  /** Oldest first. */
  async deadLettersOf(eventKey: string): Promise<DeadLetter[]> {
    return this.ask<DeadLetter>(
      `SELECT id AS name, data FROM ${this.table}
       WHERE name = $1 AND singleton_key = $2 AND state < 'active' ORDER BY created_on, id`,
      [this.deadLetters, eventKey],
    );
  }

  /** With the failed jobs that pg-boss keeps beside them. Returns how many there were. */
  async forget(ids: readonly string[]): Promise<number> {
    const rows = await this.ask(
      `WITH letters AS (
         DELETE FROM ${this.table} WHERE name = $2 AND id = ANY ($3::uuid[]) RETURNING source_id),
       jobs AS (
         DELETE FROM ${this.table} j USING letters l WHERE j.name = $1 AND j.id = l.source_id AND j.state = 'failed')
       SELECT 1 FROM letters`,
      [this.queue, this.deadLetters, ids],
    );
    return rows.length;
  }

  private async ask<Row>(text: string, values: unknown[]): Promise<Row[]> {
    const { rows }: { rows: Row[] } = await this.db.executeSql(text, values);
    return rows;
  }
}
