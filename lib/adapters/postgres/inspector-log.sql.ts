import type { TableName } from './names.js';

export interface LogStatements {
  readonly logAppend: string;
  readonly logRead: string;
  readonly logDetail: string;
  readonly logCalls: string;
  readonly logCount: string;
  readonly logCounts: string;
}

/** Tables of the inspector's log. `entry` and `detail` are JSON; the row without an entry has the last position that has gone. */
export function logTablesSql({ withSuffix, bareWithSuffix }: TableName): string {
  return `    CREATE UNLOGGED TABLE ${withSuffix('log')} (
      key text COLLATE "C" PRIMARY KEY,
      scope text COLLATE "C" NOT NULL,
      position bigint NOT NULL, -- microseconds since 1970
      entry text,
      detail text
    ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
    CREATE INDEX ${bareWithSuffix('log_position')} ON ${withSuffix('log')} (scope, position);
    CREATE UNLOGGED TABLE ${withSuffix('log_counts')} (
      scope text COLLATE "C" NOT NULL,
      bucket_ms integer NOT NULL,
      at bigint NOT NULL, -- milliseconds since 1970
      process text COLLATE "C" NOT NULL,
      data text NOT NULL,
      PRIMARY KEY (scope, bucket_ms, at, process)
    ) WITH (fillfactor = 50);`;
}

/**
 * Appends of a scope run one after another, so that their positions become visible in their order: a reader that has seen one
 * will meet none below it later. Entries that are too many or too old go in the same statement: they are looked for above
 * those that went before, because until a VACUUM the index has all that ever went.
 */
export function logAppendBody({ withSuffix }: TableName): string {
  const log = withSuffix('log');
  return `DECLARE
  request record;
  now bigint;
  last bigint;
  gone bigint;
  gone_before bigint;
BEGIN
  SELECT * INTO request FROM json_to_record(calls::json) AS call (
    scope text, mark text, capacity integer, "keepMs" bigint, entries json);
  PERFORM pg_advisory_xact_lock(hashtextextended('nestjs-scalekit-webhooks ${log} ' || request.scope, 0));
  now := extract(epoch FROM clock_timestamp()) * 1000000;
  last := (SELECT max(kept.position) FROM ${log} AS kept WHERE kept.scope = request.scope);
  gone_before := coalesce((SELECT kept.position FROM ${log} AS kept WHERE kept.key = request.mark), now);

  INSERT INTO ${log} AS kept (key, scope, position, entry, detail)
  SELECT call.value ->> 0, request.scope, greatest(last, now) + call.ordinality, call.value ->> 1, call.value ->> 2
  FROM json_array_elements(request.entries) WITH ORDINALITY AS call
  ON CONFLICT (key) DO UPDATE SET
    position = excluded.position, entry = excluded.entry, detail = coalesce(excluded.detail, kept.detail);

  gone := greatest(gone_before, now - request."keepMs" * 1000, (
    SELECT kept.position FROM ${log} AS kept WHERE kept.scope = request.scope AND kept.position > gone_before
    ORDER BY kept.position DESC OFFSET request.capacity LIMIT 1));
  DELETE FROM ${log} AS kept
  WHERE kept.scope = request.scope AND kept.position > gone_before AND kept.position <= gone;
  INSERT INTO ${log} AS kept (key, scope, position) VALUES (request.mark, request.scope, gone)
  ON CONFLICT (key) DO UPDATE SET position = excluded.position;
  RETURN '[]';
END`;
}

export function logStatements({ withSuffix }: TableName): LogStatements {
  const [log, counts] = [withSuffix('log'), withSuffix('log_counts')];
  const wanted = (columns: string) => `wanted AS MATERIALIZED (
  SELECT * FROM json_to_record(($1::text)::json) AS call (${columns})
)`;
  const list = (text: string, order: string) =>
    `'[' || coalesce(string_agg(${text}, ',' ORDER BY ${order}), '') || ']'`;
  /** The entries that have not gone, of `wanted`. */
  const alive = `kept.scope = (SELECT scope FROM wanted)
    AND kept.position > coalesce((SELECT gone.position FROM ${log} AS gone WHERE gone.key = (SELECT mark FROM wanted)), 0)`;
  const kept = `'{"entry":' || entry || coalesce(',"detail":' || detail, '') || '}'`;
  return {
    logAppend: `SELECT ${withSuffix('log_append')}($1::text) AS answers`,

    logRead: `WITH ${wanted('scope text, after bigint, "limit" integer, mark text')},
page AS MATERIALIZED (
  SELECT kept.position, kept.entry FROM ${log} AS kept
  WHERE ${alive} AND kept.position > (SELECT after FROM wanted)
  ORDER BY kept.position LIMIT (SELECT "limit" FROM wanted)
)
SELECT '{"entries":' || ${list('entry', 'position')} || ',"position":' || coalesce('"' || max(position) || '"', 'null') || ',"gone":'
   || coalesce((SELECT kept.position::text FROM ${log} AS kept WHERE kept.key = (SELECT mark FROM wanted)), 'null')
  || '}' AS answers FROM page`,

    logDetail: `SELECT ${list(kept, 'position')} AS answers FROM ${log} WHERE key = ($1::text)::json ->> 'key'`,

    // Read when somebody opens a delivery: an index would cost each append more.
    logCalls: `WITH ${wanted('scope text, mark text, text text')}
SELECT ${list(kept, 'position')} AS answers FROM ${log} AS kept
WHERE ${alive} AND strpos(kept.entry, (SELECT text FROM wanted)) > 0`,

    logCount: `WITH ${wanted('scope text, process text, "bucketMs" integer, at bigint, "keepMs" bigint, data text')},
gone AS (
  DELETE FROM ${counts} AS counted USING wanted
  WHERE counted.scope = wanted.scope AND counted.bucket_ms = wanted."bucketMs" AND counted.at < wanted.at - wanted."keepMs"
),
counted AS (
  INSERT INTO ${counts} (scope, process, bucket_ms, at, data) SELECT scope, process, "bucketMs", at, data FROM wanted
  ON CONFLICT (scope, bucket_ms, at, process) DO UPDATE SET data = excluded.data
  RETURNING 1
)
SELECT json_build_array(count(*))::text AS answers FROM counted`,

    logCounts: `WITH ${wanted('scope text, "bucketMs" integer, since bigint')}
SELECT ${list('counted.data', 'counted.at')} AS answers FROM ${counts} AS counted
JOIN wanted ON counted.scope = wanted.scope AND counted.bucket_ms = wanted."bucketMs" AND counted.at >= wanted.since`,
  };
}
