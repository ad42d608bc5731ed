import { DONE, RELEASED, RUNNING } from './functions.sql.js';
import { type LogStatements, logStatements } from './inspector-log.sql.js';
import type { TableName } from './names.js';

// All SQL that the store sends. `schema.ts` makes the tables, `functions.sql.ts` the functions that are called here.

export interface Statements extends LogStatements {
  readonly begin: string;
  readonly renew: string;
  readonly handlerDone: string;
  readonly complete: string;
  readonly release: string;
  readonly accept: string;
  readonly finish: string;
  readonly removeExpired: string;
  readonly reopen: string;
  readonly keepFailure: string;
  readonly listFailures: string;
  readonly failuresOf: string;
  readonly forgetFailures: string;
  readonly announce: string;
  readonly announced: string;
  readonly withdraw: string;
  readonly look: string;
  readonly readText: string;
  readonly replaceText: string;
}

/**
 * Each takes one parameter, a JSON array with an object a call, and gives one row with one column, `answers`, JSON
 * again: text is what every client passes on unchanged in both directions, whatever it does to arrays, bigints
 * and dates. Each is a SELECT on the outside, because some clients give other commands' rows in another form.
 * Rows are locked in the order of their keys, so that batches of several processes don't wait for each other in a circle.
 */
export function createStatements(name: TableName): Statements {
  const { quoted: table, withSuffix } = name;
  const wanted = (columns: string) => `wanted AS MATERIALIZED (
  SELECT * FROM json_to_recordset(($1::text)::json) AS call (${columns})
)`;
  const answers = (answer: string, from: string) =>
    `SELECT coalesce(json_agg(${answer}), '[]')::text AS answers FROM ${from}`;
  const call = (suffix: string) => `SELECT ${withSuffix(suffix)}($1::text) AS answers`;

  return {
    begin: call('begin'),
    handlerDone: call('handler_done'),
    complete: call('complete'),
    accept: call('accept'),
    finish: call('finish'),

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

    ...extraStatements(table, withSuffix('failed'), withSuffix('apps')),
    ...catchUpStatements(table, withSuffix('texts')),
    ...logStatements(name),
  };
}

/** For what the store offers beyond the contract: one call each. `$1` is a JSON object. */
function extraStatements(table: string, failed: string, apps: string) {
  const wanted = (columns: string) => `wanted AS MATERIALIZED (
  SELECT * FROM json_to_record(($1::text)::json) AS call (${columns})
)`;
  const texts = (column: string) => `ARRAY(SELECT json_array_elements_text(wanted.${column}) FROM wanted)`;
  const after = (ms: string) => `clock_timestamp() + ${ms} * interval '1 ms'`;
  return {
    reopen: `WITH ${wanted('key text, "leaseMs" float8, "ttlMs" float8, fingerprint integer, again json, finished json')},
before AS MATERIALIZED (
  SELECT entry.handlers_done FROM ${table} AS entry JOIN wanted USING (key) FOR UPDATE OF entry
),
claimed AS (
  INSERT INTO ${table} AS entry (key, until, forget_after, fingerprint, attempt, state, ttl_ms, handlers_done)
  SELECT key, ${after('"leaseMs"')}, ${after('"ttlMs"')}, fingerprint, 1, ${RUNNING}, "ttlMs", ${texts('finished')}
  FROM wanted LEFT JOIN before ON true
  ON CONFLICT (key) DO UPDATE SET
    token = DEFAULT, until = excluded.until, forget_after = excluded.forget_after, fingerprint = excluded.fingerprint,
    state = ${RUNNING}, ttl_ms = excluded.ttl_ms, position = NULL,
    attempt = CASE WHEN entry.state >= ${DONE} OR (entry.state = ${RELEASED} AND entry.until <= clock_timestamp())
      THEN 1 ELSE entry.attempt + 1 END,
    handlers_done = CASE WHEN entry.state >= ${DONE} OR (entry.state = ${RELEASED} AND entry.until <= clock_timestamp())
      THEN excluded.handlers_done
      ELSE ARRAY(SELECT unnest(entry.handlers_done) EXCEPT SELECT unnest(${texts('again')})) END
  WHERE entry.state <> ${RUNNING} OR entry.until <= clock_timestamp()
  RETURNING token, attempt, handlers_done
)
SELECT json_build_object('token', claimed.token, 'attempt', claimed.attempt, 'handlersDone', claimed.handlers_done,
  'before', (SELECT handlers_done FROM before), 'leftMs', (
  SELECT extract(epoch FROM entry.until - clock_timestamp())::float8 * 1000 FROM ${table} AS entry JOIN wanted USING (key)
))::text AS answers FROM wanted LEFT JOIN claimed ON true`,

    keepFailure: `WITH ${wanted('key text, scope text, "eventId" text, "keepMs" float8, keep integer, data text, delivery text')},
superfluous AS MATERIALIZED (
  SELECT key FROM ${failed} WHERE scope = (SELECT scope FROM wanted) AND key <> (SELECT key FROM wanted)
  ORDER BY expires_at > clock_timestamp() DESC, id DESC OFFSET (SELECT keep - 1 FROM wanted)
),
removed AS (
  DELETE FROM ${failed} WHERE key IN (SELECT key FROM superfluous) OR (expires_at <= clock_timestamp() AND key <> (SELECT key FROM wanted))
),
kept AS (
  INSERT INTO ${failed} (key, scope, event_id, expires_at, data, delivery)
  SELECT key, scope, "eventId", ${after('"keepMs"')}, data, delivery FROM wanted
  ON CONFLICT (key) DO UPDATE SET
    id = DEFAULT, expires_at = excluded.expires_at, data = excluded.data, delivery = excluded.delivery
  RETURNING key
)
SELECT json_build_array(key)::text AS answers FROM kept`,

    listFailures: `WITH ${wanted('scope text, "limit" integer, cursor bigint')},
page AS (
  SELECT failed.id, failed.data FROM ${failed} AS failed JOIN wanted USING (scope)
  WHERE failed.id > wanted.cursor AND failed.expires_at > clock_timestamp()
  ORDER BY failed.id LIMIT (SELECT "limit" FROM wanted)
)
SELECT coalesce(json_agg(json_build_array(id::text, data) ORDER BY id), '[]')::text AS answers FROM page`,

    failuresOf: `WITH ${wanted('scope text, "eventId" text')}
SELECT coalesce(json_agg(json_build_array(failed.data, failed.delivery) ORDER BY failed.id), '[]')::text AS answers
FROM ${failed} AS failed JOIN wanted ON failed.scope = wanted.scope AND failed.event_id = wanted."eventId"
WHERE failed.expires_at > clock_timestamp()`,

    forgetFailures: `WITH removed AS (
  DELETE FROM ${failed} WHERE key IN (SELECT json_array_elements_text(($1::text)::json)) RETURNING 1
)
SELECT json_build_array(count(*))::text AS answers FROM removed`,

    announce: `WITH ${wanted('id text, "ttlMs" float8, data text')},
gone AS (
  DELETE FROM ${apps} WHERE expires_at <= clock_timestamp() AND id <> (SELECT id FROM wanted)
),
announced AS (
  INSERT INTO ${apps} (id, expires_at, data) SELECT id, ${after('"ttlMs"')}, data FROM wanted
  ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at, data = excluded.data
  RETURNING id
)
SELECT json_build_array(id)::text AS answers FROM announced`,

    announced: `SELECT coalesce(json_agg(data), '[]')::text AS answers FROM ${apps}
WHERE expires_at > clock_timestamp() AND id <> ($1::text)::json ->> 'id'`,

    withdraw: `WITH gone AS (
  DELETE FROM ${apps} WHERE id = ($1::text)::json ->> 'id' RETURNING id
)
SELECT coalesce(json_agg(id), '[]')::text AS answers FROM gone`,
  };
}

function catchUpStatements(table: string, texts: string) {
  return {
    look: `SELECT coalesce(json_agg(json_build_array(key, state)), '[]')::text AS answers FROM ${table}
WHERE key IN (SELECT json_array_elements_text(($1::text)::json)) AND (state = ${RUNNING} OR until > clock_timestamp())`,

    readText: `SELECT coalesce(json_agg(data), '[]')::text AS answers FROM ${texts}
WHERE name = ($1::text)::json ->> 'name'`,

    replaceText: `WITH wanted AS MATERIALIZED (
  SELECT * FROM json_to_record(($1::text)::json) AS call (name text, expected text, data text)
),
replaced AS (
  UPDATE ${texts} AS entry SET data = wanted.data FROM wanted
  WHERE entry.name = wanted.name AND entry.data = wanted.expected
  RETURNING entry.name
),
created AS (
  INSERT INTO ${texts} (name, data) SELECT name, data FROM wanted WHERE expected IS NULL
  ON CONFLICT (name) DO NOTHING
  RETURNING name
)
SELECT json_build_array((SELECT count(*) FROM replaced) + (SELECT count(*) FROM created))::text AS answers`,
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
