import type { TableName } from './table-name.js';

export interface Statements {
  readonly begin: string;
  readonly renew: string;
  readonly handlerDone: string;
  readonly complete: string;
  readonly release: string;
  readonly removeExpired: string;
}

const RUNNING = 0;
const RELEASED = 1;
const DONE = 2;

/** May the row be claimed for that position? With neither position, `>=` is null and then nothing is outdated. */
const claimable = (row: string, position: string) => `(
  (${row}.state <> ${RUNNING} AND ${row}.until <= clock_timestamp())
  OR (coalesce(${position} >= ${row}.last_position, true)
      AND (${row}.until <= clock_timestamp()
           OR ${row}.state = ${RELEASED}
           OR (${row}.state >= ${DONE} AND ${position} IS NOT NULL))))`;

/**
 * Each takes one parameter, a JSON array with an object a call, and gives one row with one column, `answers`, again a
 * JSON array: text is what every client passes on unchanged in both directions, whatever it does to arrays, bigints
 * and dates. Each is a SELECT on the outside, because some clients give other commands' rows in another form.
 * Rows are locked in the order of their keys, so that batches of several processes don't wait for each other in a circle.
 */
export function createStatements({ quoted: table }: TableName): Statements {
  const wanted = (columns: string) => `wanted AS MATERIALIZED (
  SELECT * FROM json_to_recordset(($1::text)::json) AS call (${columns})
)`;
  const answers = (answer: string, from: string) =>
    `SELECT coalesce(json_agg(${answer}), '[]')::text AS answers FROM ${from}`;
  const held = `held AS MATERIALIZED (
  SELECT entry.key FROM ${table} AS entry JOIN wanted ON entry.key = wanted.key AND entry.token = wanted.token
  WHERE entry.state = ${RUNNING} ORDER BY entry.key FOR UPDATE OF entry
)`;
  /** For calls that end a claim: no two of one batch are for the same key. */
  const end = (columns: string, changes: string) => `WITH ${wanted(`key text, token bigint${columns}`)},
${held},
ended AS (
  UPDATE ${table} AS entry SET ${changes}
  FROM wanted JOIN held USING (key) WHERE entry.key = wanted.key
  RETURNING entry.key
)
${answers('key', 'ended')}`;

  return {
    // A row that the statement's snapshot shows as taken is answered from there and not touched. The others are
    // claimed by one INSERT, which finds the latest version of each row, committed after the snapshot or not; one that it
    // does not get was claimed by somebody else while this statement ran, and so it is in progress. A row that
    // somebody has locked is being claimed, ended or removed: waiting for it would keep the whole batch waiting.
    begin: `WITH ${wanted('key text, "leaseMs" float8, "ttlMs" float8, fingerprint integer, position bigint')},
seen AS MATERIALIZED (
  SELECT entry.key, entry.state, entry.fingerprint, entry.last_position,
    extract(epoch FROM entry.until - clock_timestamp())::float8 * 1000 AS left_ms,
    ${claimable('entry', 'wanted.position')} AS claimable
  FROM ${table} AS entry JOIN wanted USING (key)
),
free AS MATERIALIZED (
  SELECT entry.key FROM ${table} AS entry JOIN seen USING (key)
  WHERE seen.claimable ORDER BY entry.key FOR UPDATE OF entry SKIP LOCKED
),
claimed AS (
  INSERT INTO ${table} AS entry (key, until, forget_after, fingerprint, attempt, state, ttl_ms, position)
  SELECT wanted.key, clock_timestamp() + wanted."leaseMs" * interval '1 ms',
    clock_timestamp() + wanted."ttlMs" * interval '1 ms', wanted.fingerprint, 1, ${RUNNING}, wanted."ttlMs", wanted.position
  FROM wanted LEFT JOIN seen USING (key) LEFT JOIN free USING (key)
  WHERE seen.key IS NULL OR free.key IS NOT NULL
  ORDER BY wanted.key COLLATE "C"
  ON CONFLICT (key) DO UPDATE SET
    token = DEFAULT, until = excluded.until, forget_after = excluded.forget_after, fingerprint = excluded.fingerprint,
    state = ${RUNNING}, ttl_ms = excluded.ttl_ms, position = excluded.position,
    attempt = CASE WHEN entry.state >= ${DONE} OR (entry.state = ${RELEASED} AND entry.until <= clock_timestamp())
      THEN 1 ELSE entry.attempt + 1 END,
    handlers_done = CASE WHEN entry.state = ${RELEASED} AND entry.until <= clock_timestamp()
      THEN NULL ELSE entry.handlers_done END,
    last_position = CASE WHEN entry.state <> ${RUNNING} AND entry.until <= clock_timestamp()
      THEN NULL ELSE entry.last_position END
  WHERE ${claimable('entry', 'excluded.position')}
  RETURNING entry.key, entry.token, entry.attempt, entry.handlers_done, entry.last_position
)
${answers(
  `json_build_object('key', wanted.key, 'token', claimed.token, 'attempt', claimed.attempt,
    'handlersDone', claimed.handlers_done, 'state', seen.state, 'fingerprint', seen.fingerprint, 'leftMs', seen.left_ms,
    'lastPosition', CASE WHEN claimed.key IS NULL THEN seen.last_position ELSE claimed.last_position END::text)`,
  'wanted LEFT JOIN claimed USING (key) LEFT JOIN seen ON seen.key = wanted.key AND NOT seen.claimable',
)}`,

    // A row that is locked is being recorded in a transaction, and nobody can claim it before that ends.
    renew: `WITH ${wanted('key text, token bigint, "leaseMs" float8')},
seen AS MATERIALIZED (
  SELECT entry.key, entry.token FROM ${table} AS entry JOIN wanted ON entry.key = wanted.key AND entry.token = wanted.token
  WHERE entry.state = ${RUNNING}
),
free AS MATERIALIZED (
  SELECT entry.key FROM ${table} AS entry JOIN seen ON entry.key = seen.key ORDER BY entry.key FOR UPDATE OF entry SKIP LOCKED
),
renewed AS (
  UPDATE ${table} AS entry SET until = clock_timestamp() + wanted."leaseMs" * interval '1 ms'
  FROM wanted JOIN free USING (key)
  WHERE entry.key = wanted.key AND entry.token = wanted.token AND entry.state = ${RUNNING}
  RETURNING entry.key
)
${answers(
  'seen.key',
  'seen LEFT JOIN free USING (key) LEFT JOIN renewed USING (key) WHERE free.key IS NULL OR renewed.key IS NOT NULL',
)}`,

    handlerDone: `WITH ${wanted('key text, token bigint, handler text')},
${held},
finished AS (
  SELECT key, array_agg(DISTINCT handler) AS handlers FROM wanted JOIN held USING (key) GROUP BY key
),
recorded AS (
  UPDATE ${table} AS entry SET handlers_done = coalesce(entry.handlers_done, '{}') || ARRAY(
    SELECT unnest(finished.handlers) EXCEPT SELECT unnest(entry.handlers_done))
  FROM finished WHERE entry.key = finished.key
  RETURNING entry.key
)
${answers('key', 'recorded')}`,

    complete: end(
      ', "ttlMs" float8, state smallint',
      `state = wanted.state, until = clock_timestamp() + wanted."ttlMs" * interval '1 ms', ttl_ms = NULL,
    handlers_done = NULL, position = NULL, last_position = coalesce(entry.position, entry.last_position)`,
    ),

    release: end(
      '',
      `state = ${RELEASED}, until = clock_timestamp() + entry.ttl_ms * interval '1 ms', ttl_ms = NULL, position = NULL`,
    ),

    removeExpired: `WITH expired AS MATERIALIZED (
  SELECT key FROM ${table}
  WHERE forget_after <= statement_timestamp() AND state <> ${RUNNING} AND until <= statement_timestamp()
  ORDER BY forget_after LIMIT ($1::text)::integer FOR UPDATE SKIP LOCKED
),
removed AS (
  DELETE FROM ${table} AS entry USING expired WHERE entry.key = expired.key RETURNING 1
)
SELECT json_build_array(count(*))::text AS answers FROM removed`,
  };
}

/**
 * The same within a transaction, of which the COMMIT should follow at once. A process that was paused in between would
 * keep the row locked for as long as it sleeps, so the server gives up on it.
 */
export function lastBeforeCommit(statement: string): string {
  return statement.replace(
    ' AS answers',
    " AS answers, set_config('idle_in_transaction_session_timeout', '10s', true)",
  );
}
