import { logAppendBody } from './inspector-log.sql.js';
import type { TableName } from './names.js';

/** What the column `state` says of a key; `until` says for how long. */
export const RUNNING = 0;
export const RELEASED = 1;
export const DONE = 2;
export const ACCEPTED = 3;

/**
 * The calls of every delivery, as functions that `migrate` creates: PostgreSQL keeps the plan of what is in a function for
 * as long as the connection lives, whatever client or connection pooler is in between, and making the plan takes longer
 * than carrying it out. Later versions that want something else of a function give it another name, so that processes of
 * both versions can run side by side.
 *
 * Each takes a JSON array with an object a call, and answers JSON.
 */
export function functionsSql(table: TableName): string {
  return [
    runFunctionSql(table),
    ...Object.entries(BODIES).map(([name, body]) => functionSql(table, name, body(table))),
  ].join('\n');
}

/**
 * A plan is kept while the table grows: what is best for an empty one, to read all of it, must be out of the question.
 * So rows are found by `key = ANY (…)`, which is a look-up in the index for each if not a scan of the table.
 * pg-boss's SQL needs loops for its joins: without them, compiling the statement (`jit`) takes 300 ms.
 */
function functionSql(table: TableName, name: string, body: string): string {
  const runsQueueSql = name === 'accept' || name === 'finish';
  return `CREATE OR REPLACE FUNCTION ${table.withSuffix(name)}(calls text) RETURNS text LANGUAGE plpgsql
SET enable_seqscan = off ${runsQueueSql ? 'SET jit = off' : 'SET enable_nestloop = off'} AS $function$
${body}
$function$;`;
}

/**
 * Runs a statement of a queue, as a prepared one: PL/pgSQL plans what it EXECUTEs each time anew, which takes as long as
 * inserting ten jobs. The function looks whether its connection has prepared the statement, for connection poolers change
 * connections, and clean them. Returns how many rows the statement returned.
 */
function runFunctionSql({ withSuffix }: TableName): string {
  return `CREATE OR REPLACE FUNCTION ${withSuffix('run')}(statement text, jobs text) RETURNS integer LANGUAGE plpgsql AS $function$
DECLARE
  prepared text := 'scalekit_webhook_' || md5(statement);
  returned integer;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_prepared_statements WHERE name = prepared) THEN
    EXECUTE format('PREPARE %I (text) AS %s', prepared, statement);
  END IF;
  EXECUTE format('EXECUTE %I (%L)', prepared, jobs);
  GET DIAGNOSTICS returned = ROW_COUNT;
  RETURN returned;
END
$function$;`;
}

const calls = (columns: string) => `json_to_recordset(calls::json) AS call (${columns})`;
const among = (rows: string) => `entry.key = ANY (ARRAY(SELECT key FROM ${rows}))`;

/** May the row be claimed for that position? With neither position, `>=` is null and then nothing is outdated. */
const claimable = (position: string) => `(
  (entry.state <> ${RUNNING} AND entry.until <= clock_timestamp())
  OR (coalesce(${position} >= entry.last_position, true)
      AND (entry.until <= clock_timestamp()
           OR entry.state = ${RELEASED}
           OR (entry.state >= ${DONE} AND ${position} IS NOT NULL))))`;

/**
 * Most keys are new, and one INSERT claims them. Only what it did not get is looked at: a row that is taken is answered
 * from what is seen and not touched. The others are claimed by another INSERT, which finds the latest version of each
 * row, committed after it began or not; one that it does not get was claimed by somebody else in the meantime, and so it is
 * in progress. A row that somebody has locked is being claimed, recorded, ended or removed: waiting for it, as an INSERT
 * would even to do nothing, would keep the whole batch waiting. Rows are locked in the order of their keys, so that
 * batches of several processes don't wait for each other in a circle.
 *
 * A changed body needs a new name: `migrate` creates only functions that are missing.
 */
function beginBody({ quoted: table }: TableName): string {
  const columns = 'key text, "leaseMs" float8, "ttlMs" float8, fingerprint integer, position bigint';
  const claim = (
    rows: string,
  ) => `INSERT INTO ${table} AS entry (key, until, forget_after, fingerprint, attempt, state, ttl_ms, position)
    SELECT call.key, clock_timestamp() + call."leaseMs" * interval '1 ms',
      clock_timestamp() + call."ttlMs" * interval '1 ms', call.fingerprint, 1, ${RUNNING}, call."ttlMs", call.position
    FROM ${rows}
    ORDER BY call.key COLLATE "C"`;
  return `DECLARE
  tokens text;
  claims integer;
  got jsonb;
  others text := '[]';
BEGIN
  WITH wanted AS MATERIALIZED (
    SELECT * FROM ${calls(columns)}
  ),
  claimed AS (
    ${claim(`wanted AS call
    WHERE call.key NOT IN (SELECT entry.key FROM ${table} AS entry WHERE ${among('wanted')})`)}
    ON CONFLICT (key) DO NOTHING
    RETURNING entry.key, entry.token
  )
  SELECT coalesce(json_object_agg(key, token), '{}')::text, count(*) INTO tokens, claims FROM claimed;

  IF claims < json_array_length(calls::json) THEN
    got := tokens;
    WITH wanted AS MATERIALIZED (
      SELECT * FROM ${calls(columns)} WHERE got -> call.key IS NULL
    ),
    seen AS MATERIALIZED (
      SELECT entry.key, entry.state, entry.fingerprint, entry.last_position,
        extract(epoch FROM entry.until - clock_timestamp())::float8 * 1000 AS left_ms,
        ${claimable('wanted.position')} AS claimable
      FROM ${table} AS entry JOIN wanted USING (key) WHERE ${among('wanted')}
    ),
    free AS MATERIALIZED (
      SELECT entry.key FROM ${table} AS entry WHERE ${among('seen WHERE seen.claimable')}
      ORDER BY entry.key FOR UPDATE SKIP LOCKED
    ),
    claimed AS (
    ${claim(`wanted AS call LEFT JOIN seen USING (key) LEFT JOIN free USING (key)
    WHERE seen.key IS NULL OR free.key IS NOT NULL`)}
    ON CONFLICT (key) DO UPDATE SET
      token = DEFAULT, until = excluded.until, forget_after = excluded.forget_after, fingerprint = excluded.fingerprint,
      state = ${RUNNING}, ttl_ms = excluded.ttl_ms, position = excluded.position,
      attempt = CASE WHEN entry.state >= ${DONE} OR (entry.state = ${RELEASED} AND entry.until <= clock_timestamp())
        THEN 1 ELSE entry.attempt + 1 END,
      handlers_done = CASE WHEN entry.state = ${RELEASED} AND entry.until <= clock_timestamp()
        THEN NULL ELSE entry.handlers_done END,
      last_position = CASE WHEN entry.state <> ${RUNNING} AND entry.until <= clock_timestamp()
        THEN NULL ELSE entry.last_position END
    WHERE ${claimable('excluded.position')}
    RETURNING entry.key, entry.token, entry.attempt, entry.handlers_done, entry.last_position
    )
    SELECT json_agg(json_build_object('key', wanted.key, 'token', claimed.token, 'attempt', claimed.attempt,
      'handlersDone', claimed.handlers_done, 'state', seen.state, 'fingerprint', seen.fingerprint, 'leftMs', seen.left_ms,
      'lastPosition', CASE WHEN claimed.key IS NULL THEN seen.last_position ELSE claimed.last_position END::text))::text
    INTO others
    FROM wanted LEFT JOIN claimed USING (key) LEFT JOIN seen ON seen.key = wanted.key AND NOT seen.claimable;
  END IF;

  RETURN '{"tokens":' || tokens || ',"others":' || others || '}';
END`;
}

/** Rows are not locked in order: a claim is completed once, so that no two batches meet in several rows. */
function completeBody({ quoted: table }: TableName): string {
  return `DECLARE
  ended text;
BEGIN
  WITH wanted AS MATERIALIZED (
    SELECT * FROM ${calls('key text, token bigint, "ttlMs" float8, state smallint')}
  ),
  completed AS (
    UPDATE ${table} AS entry SET
      state = wanted.state, until = clock_timestamp() + wanted."ttlMs" * interval '1 ms', ttl_ms = NULL,
      handlers_done = NULL, position = NULL, last_position = coalesce(entry.position, entry.last_position)
    FROM wanted
    WHERE ${among('wanted')} AND entry.key = wanted.key AND entry.token = wanted.token AND entry.state = ${RUNNING}
    RETURNING entry.key
  )
  SELECT coalesce(json_agg(key), '[]')::text INTO ended FROM completed;
  RETURN ended;
END`;
}

function handlerDoneBody({ quoted: table }: TableName): string {
  return `DECLARE
  recorded text;
BEGIN
  WITH wanted AS MATERIALIZED (
    SELECT * FROM ${calls('key text, token bigint, handler text')}
  ),
  held AS MATERIALIZED (
    SELECT entry.key FROM ${table} AS entry JOIN wanted ON entry.key = wanted.key AND entry.token = wanted.token
    WHERE ${among('wanted')} AND entry.state = ${RUNNING} ORDER BY entry.key FOR UPDATE OF entry
  ),
  finished AS MATERIALIZED (
    SELECT key, array_agg(DISTINCT handler) AS handlers FROM wanted JOIN held USING (key) GROUP BY key
  ),
  noted AS (
    UPDATE ${table} AS entry SET handlers_done = coalesce(entry.handlers_done, '{}') || ARRAY(
      SELECT unnest(finished.handlers) EXCEPT SELECT unnest(entry.handlers_done))
    FROM finished WHERE ${among('finished')} AND entry.key = finished.key
    RETURNING entry.key
  )
  SELECT coalesce(json_agg(key), '[]')::text INTO recorded FROM noted;
  RETURN recorded;
END`;
}

/**
 * Claims the events that are new and completes them in one INSERT, then has the queue's own SQL insert their jobs; the
 * other events are begun. All of it is one statement and so one transaction. The queue's SQL runs without jobs, too:
 * that is how a queue finds out whether it may.
 *
 * `calls` is two lines, one JSON each: the request, and its jobs. Jobs are long, and where all events are new, which is
 * the usual case, nobody has to parse them but the queue's SQL.
 */
function acceptBody({ quoted: table, withSuffix }: TableName): string {
  return `DECLARE
  request json := split_part(calls, chr(10), 1);
  jobs text := split_part(calls, chr(10), 2);
  wanted_jobs integer := json_array_length(request -> 'keys');
  all_new boolean;
  claimed jsonb;
  others text := 'null';
BEGIN
  WITH wanted AS MATERIALIZED (
    SELECT * FROM json_to_recordset(request -> 'events') AS call (key text, "ttlMs" float8, fingerprint integer, state smallint)
  ),
  claimed AS MATERIALIZED (
    INSERT INTO ${table} AS entry (key, until, forget_after, fingerprint, attempt, state)
    SELECT call.key, clock_timestamp() + call."ttlMs" * interval '1 ms', clock_timestamp() + call."ttlMs" * interval '1 ms',
      call.fingerprint, 1, call.state
    FROM wanted AS call
    WHERE call.key NOT IN (SELECT entry.key FROM ${table} AS entry WHERE ${among('wanted')})
    ORDER BY call.key COLLATE "C"
    ON CONFLICT (key) DO NOTHING
    RETURNING entry.key
  )
  SELECT coalesce(jsonb_object_agg(key, 1), '{}'), count(*) = json_array_length(request -> 'events')
  INTO claimed, all_new FROM claimed;

  IF NOT all_new THEN
    SELECT coalesce(json_agg(job), '[]')::text, count(*) INTO jobs, wanted_jobs
    FROM json_array_elements(jobs::json) WITH ORDINALITY AS job (job, at)
    JOIN json_array_elements_text(request -> 'keys') WITH ORDINALITY AS owner (key, at) USING (at)
    WHERE claimed -> owner.key IS NOT NULL;
  END IF;

  IF ${withSuffix('run')}(request ->> 'insert', jobs) < wanted_jobs OR wanted_jobs = 0 THEN
    PERFORM ${withSuffix('run')}(request ->> 'revive', jobs);
  END IF;

  IF NOT all_new THEN
    SELECT ${withSuffix('begin')}(json_agg(call)::text) INTO others
    FROM json_array_elements(request -> 'events') AS call WHERE claimed -> (call ->> 'key') IS NULL;
  END IF;

  RETURN '{"queued":' || claimed::text || ',"begun":' || others || '}';
END`;
}

/** Completes claims and has the queue's own SQL remove the jobs of those that were held. */
function finishBody({ withSuffix }: TableName): string {
  return `DECLARE
  request json := calls;
  held text := ${withSuffix('complete')}((request -> 'calls')::text);
BEGIN
  PERFORM ${withSuffix('run')}(request ->> 'remove', coalesce(json_agg(call -> 'job'), '[]')::text)
  FROM json_array_elements(request -> 'calls') AS call
  WHERE held::jsonb @> to_jsonb(call ->> 'key');
  RETURN held;
END`;
}

const BODIES: Readonly<Record<string, (table: TableName) => string>> = {
  begin: beginBody,
  handler_done: handlerDoneBody,
  complete: completeBody,
  accept: acceptBody,
  finish: finishBody,
  log_append: logAppendBody,
};
/** Name and parameter types. */
export const FUNCTIONS: readonly (readonly [string, string])[] = [
  ['run', 'text,text'],
  ...Object.keys(BODIES).map((name) => [name, 'text'] as const),
];
