import { RELEASED, RUNNING } from './row-state.js';
import type { TableName } from './table-name.js';

export interface Statements {
  readonly begin: string;
  readonly renew: string;
  readonly handlerDone: string;
  readonly complete: string;
  readonly release: string;
  readonly removeExpired: string;
}

/**
 * Each takes one parameter, a JSON array with an object a call, and gives one row with one column, `answers`, JSON
 * again: text is what every client passes on unchanged in both directions, whatever it does to arrays, bigints
 * and dates. Each is a SELECT on the outside, because some clients give other commands' rows in another form.
 * Rows are locked in the order of their keys, so that batches of several processes don't wait for each other in a circle.
 */
export function createStatements({ quoted: table, withSuffix }: TableName): Statements {
  const wanted = (columns: string) => `wanted AS MATERIALIZED (
  SELECT * FROM json_to_recordset(($1::text)::json) AS call (${columns})
)`;
  const answers = (answer: string, from: string) =>
    `SELECT coalesce(json_agg(${answer}), '[]')::text AS answers FROM ${from}`;
  const call = (name: string) => `SELECT ${withSuffix(name)}($1::text) AS answers`;

  return {
    begin: call('begin'),
    handlerDone: call('handler_done'),
    complete: call('complete'),

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

    release: `WITH ${wanted('key text, token bigint')},
held AS MATERIALIZED (
  SELECT entry.key FROM ${table} AS entry JOIN wanted ON entry.key = wanted.key AND entry.token = wanted.token
  WHERE entry.state = ${RUNNING} ORDER BY entry.key FOR UPDATE OF entry
),
released AS (
  UPDATE ${table} AS entry SET
    state = ${RELEASED}, until = clock_timestamp() + entry.ttl_ms * interval '1 ms', ttl_ms = NULL, position = NULL
  FROM held WHERE entry.key = held.key
  RETURNING entry.key
)
${answers('key', 'released')}`,

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
