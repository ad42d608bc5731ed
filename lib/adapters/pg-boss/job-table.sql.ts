import type { Db, JobAttempt } from 'pg-boss';
import type { EventJob } from '../../dispatch/event-job.js';

/** Extra attempts for jobs whose worker died. After this many deaths, the handler is taken for the cause. */
const SPARE_ATTEMPTS = 10;

interface Endpoint {
  readonly namespace: string | undefined;
  readonly endpoint: string;
}

interface Queue {
  readonly name: string;
  readonly policy: string;
}

export interface GivenBack extends JobAttempt {
  readonly afterMs: number;
  readonly countsAttempt: boolean;
  readonly reason?: string;
  /** Takes the place of the job's data. */
  readonly data?: EventJob;
}

export interface QueuedJob {
  readonly id: string;
  readonly data: EventJob;
  readonly retryLimit: number;
}

/** A job whose processes died too often. */
export interface LostJob extends JobAttempt {
  readonly eventId: string;
  readonly type: string;
  readonly handler: string | null;
}

export interface DeadLetterSummary {
  readonly eventId: string;
  readonly type: string;
  readonly handler: string | null;
  readonly organizationId: string | null;
  readonly reason: string;
  readonly attempts: number;
  readonly failedAtMs: number;
  readonly cursor: string;
}

/**
 * What pg-boss has no call for, in SQL on its own tables, through its own connection. `BossConnection` checks the
 * version of the schema before the first statement.
 */
export class JobTable {
  /** For `TransactionalInbox`: `$1` is the text of a JSON array of jobs. Names of queues need no escaping. */
  readonly statements: { readonly revive: string; readonly remove: string; readonly identity: string };
  private readonly table: string;

  constructor(
    private readonly db: Db,
    private readonly schema: string,
    private readonly queue: string,
    private readonly deadLetters: string,
  ) {
    this.table = `${schema}.job`;
    this.statements = this.createStatements();
  }

  /** Those of the endpoint. */
  queues(): Promise<Queue[]> {
    return this.ask<Queue>(`SELECT name, policy FROM ${this.schema}.queue WHERE name IN ($1, $2)`, [
      this.queue,
      this.deadLetters,
    ]);
  }

  /** Back to the queue. An attempt counts when a job that has been started is fetched again. */
  async giveBack(jobs: readonly GivenBack[]): Promise<void> {
    const given = jobs.map(({ id, retryCount, afterMs, countsAttempt, reason, data = null }) => ({
      ...{ id, data, retry_count: retryCount, after_ms: afterMs, counts: countsAttempt },
      output: reason === undefined ? null : { message: reason },
    }));
    await this.db.executeSql(
      `UPDATE ${this.table} j
       SET state = 'retry', heartbeat_on = NULL, start_after = now() + g.after_ms * interval '1 millisecond',
         started_on = CASE WHEN g.counts THEN j.started_on END, output = g.output, data = COALESCE(g.data, j.data)
       FROM json_to_recordset($2::text::json)
         AS g (id uuid, data jsonb, retry_count int, after_ms float8, counts boolean, output jsonb)
       WHERE j.name = $1 AND j.id = g.id AND j.retry_count = g.retry_count AND j.state::text = 'active'`,
      [this.queue, JSON.stringify(given)],
    );
  }

  /**
   * The endpoint's jobs of processes that have died go back to the queue. Jobs of others who share it are left alone:
   * their processes may give no signs of life. Returns the jobs that have been taken back too often.
   */
  async takeBack({ namespace, endpoint }: Endpoint, silentSeconds: number): Promise<LostJob[]> {
    const silent = `name = $1 AND state = 'active' AND data->>'endpoint' = $3
      AND data->>'namespace' IS NOT DISTINCT FROM $4::text
      AND heartbeat_on < now() - $2::float8 * interval '1 second'`;
    const values = [this.queue, silentSeconds, endpoint, namespace ?? null];
    const isExhausted = `retry_count >= retry_limit + ${SPARE_ATTEMPTS}`;
    await this.db.executeSql(
      `UPDATE ${this.table} SET state = 'retry', heartbeat_on = NULL, start_after = now()
       WHERE name = $1 AND id = ANY (ARRAY(
         SELECT id FROM ${this.table} WHERE ${silent} AND NOT ${isExhausted} FOR UPDATE SKIP LOCKED))`,
      values,
    );
    return this.ask<LostJob>(
      `SELECT id, retry_count AS "retryCount", data->>'eventId' AS "eventId", data->>'type' AS type,
         data->>'handler' AS handler
       FROM ${this.table} WHERE ${silent} AND ${isExhausted}`,
      values,
    );
  }

  /** The attempt that runs becomes the last one. */
  async makeLastAttempt({ id, retryCount }: JobAttempt): Promise<void> {
    await this.db.executeSql(
      `UPDATE ${this.table} SET retry_limit = LEAST(retry_limit, retry_count)
       WHERE name = $1 AND id = $2 AND retry_count = $3 AND state = 'active'`,
      [this.queue, id, retryCount],
    );
  }

  /** Those of the jobs that have ended start anew, and are dead letters no longer. */
  async revive(jobs: readonly QueuedJob[]): Promise<void> {
    await this.db.executeSql(this.statements.revive, [JSON.stringify(jobs)]);
  }

  /** Oldest first. */
  async page(
    { namespace, endpoint }: Endpoint,
    limit: number,
    cursor: string | undefined,
  ): Promise<DeadLetterSummary[]> {
    const [micros = null, id = null] = cursor?.split('_') ?? [];
    return this.ask<DeadLetterSummary>(
      `SELECT data->>'eventId' AS "eventId", data->>'type' AS type, data->>'handler' AS handler,
         data->>'organizationId' AS "organizationId",
         COALESCE(source_output->>'message', source_output->'value'->>'message', '') AS reason,
         COALESCE(source_retry_count, 0) + 1 AS attempts,
         (extract(epoch from created_on) * 1000)::float8 AS "failedAtMs",
         (extract(epoch from created_on) * 1000000)::bigint || '_' || id AS cursor
       FROM ${this.table}
       WHERE name = $1 AND data->>'endpoint' = $2 AND data->>'namespace' IS NOT DISTINCT FROM $6::text
         AND ($3::float8 IS NULL OR (created_on, id) >
           ('epoch'::timestamptz + $3::float8 * interval '1 microsecond', $4::uuid))
       ORDER BY created_on, id LIMIT $5`,
      [this.deadLetters, endpoint, micros, id, limit, namespace ?? null],
    );
  }

  /** With the failed jobs that pg-boss keeps beside them. Returns how many there were. */
  async forget(ids: readonly string[]): Promise<number> {
    const [{ count } = { count: 0 }] = await this.ask<{ count: number }>(
      'SELECT count(*) FROM letters',
      [this.queue, this.deadLetters, ids],
      `WITH letters AS (
         DELETE FROM ${this.table} WHERE name = $2 AND id = ANY ($3::uuid[]) RETURNING source_id),
       jobs AS (
         DELETE FROM ${this.table} j USING letters l WHERE j.name = $1 AND j.id = l.source_id AND j.state = 'failed')`,
    );
    return count;
  }

  /**
   * Rows are found by `id = ANY (…)`: within the store's functions a join would read the whole table. As a text, the
   * state is in no index: the index that pg-boss has over states still lists every job that was in that state since the
   * last vacuum.
   */
  private createStatements(): JobTable['statements'] {
    const { table, queue, deadLetters } = this;
    const jobs = (columns: string) => `json_to_recordset($1::text::json) AS w (${columns})`;
    const among = `j.name = '${queue}' AND j.id = ANY (ARRAY(SELECT id FROM ${jobs('id uuid')})) AND j.id = w.id`;
    return {
      revive: `WITH revived AS (
         UPDATE ${table} j
         SET state = 'created', data = w.data, retry_count = 0, retry_limit = w."retryLimit", created_on = now(),
           start_after = now(), started_on = NULL, completed_on = NULL, heartbeat_on = NULL, output = NULL,
           keep_until = now() + (j.keep_until - j.start_after)
         FROM ${jobs('id uuid, data jsonb, "retryLimit" int')}
         WHERE ${among} AND j.state > 'active'
         RETURNING j.id)
       DELETE FROM ${table} d WHERE d.name = '${deadLetters}' AND d.source_id = ANY (ARRAY(SELECT id FROM revived))`,
      remove: `DELETE FROM ${table} j USING ${jobs('id uuid, "retryCount" int')}
       WHERE ${among} AND j.retry_count = w."retryCount" AND j.state::text = 'active'`,
      identity: `SELECT json_build_array(d.oid::text, extract(epoch FROM pg_postmaster_start_time())::text,
         pg_is_in_recovery(), extract(epoch FROM q.created_on)::text, $1::text)::text AS answers
       FROM pg_database d, ${this.schema}.queue q WHERE d.datname = current_database() AND q.name = '${queue}'`,
    };
  }

  /** Which server and database this is, as a text. */
  async identity(): Promise<string> {
    const { rows } = await this.db.executeSql(this.statements.identity, ['']);
    return JSON.stringify(JSON.parse((rows as [{ answers: string }])[0].answers));
  }

  /** All rows as one text, which no type parser of the application touches. */
  private async ask<Row>(query: string, values: unknown[], before = ''): Promise<Row[]> {
    const { rows } = await this.db.executeSql(
      `${before} SELECT COALESCE(json_agg(r), '[]')::text AS answer FROM (${query}) r`,
      values,
    );
    const [{ answer }] = rows as [{ answer: string }];
    return JSON.parse(answer) as Row[];
  }
}
