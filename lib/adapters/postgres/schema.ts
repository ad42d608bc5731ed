import { FUNCTIONS, functionsSql } from './functions.sql.js';
import { logTablesSql } from './inspector-log.sql.js';
import { readTableName, type TableName } from './names.js';
import { procedureSql } from './send-statement.js';

/**
 * Brings the schema from any earlier version, or none, to this one. It is a single statement, for clients that send one
 * at a time, and so that it happens whole or not at all. What is missing is read from the catalogue, not from a version
 * number: dumps may leave comments out, and restore only some of the objects. (Earlier versions of
 * this package read the table's comment: it must say that version 2 or later is there.)
 *
 * - `until` is the end of the lease while the key runs, and after that the moment at which the row expires.
 * - `forget_after` is set by each claim and never later than `until`. It is the indexed column, so that renewing,
 *   recording and completing change no indexed column: PostgreSQL then writes the new row beside the old one and no
 *   index entry (https://www.postgresql.org/docs/current/storage-hot.html), for which `fillfactor` keeps room.
 * - Keys are compared by their bytes (`collate "C"`): the order in which rows are locked must not depend on a locale.
 * - No backslash: with `standard_conforming_strings = off` it would mean something else.
 */
export function migrationSql(table: TableName): string {
  const { quoted, withSuffix, bareWithSuffix } = table;
  const noFunction = ([suffix, types]: readonly [string, string]) =>
    `to_regprocedure('${withSuffix(suffix)}(${types})') IS NULL`;
  return `DO $migration$
DECLARE
  changed boolean := false;
BEGIN
  PERFORM set_config('lock_timeout', '0', true);
  PERFORM pg_advisory_xact_lock(hashtextextended('nestjs-scalekit-webhooks ${quoted}', 0));

  IF to_regclass('${quoted}') IS NULL THEN
    CREATE TABLE ${quoted} (
      key text COLLATE "C" PRIMARY KEY,
      token bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
      until timestamptz NOT NULL,
      forget_after timestamptz NOT NULL,
      fingerprint integer NOT NULL,
      attempt integer NOT NULL,
      state smallint NOT NULL, -- 0 running, 1 released, 2 done, 3 accepted
      ttl_ms double precision,
      position bigint,
      last_position bigint,
      handlers_done text[]
    ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
    CREATE INDEX ${bareWithSuffix('forget_after')} ON ${quoted} (forget_after);
    changed := true;
  END IF;

  IF ${FUNCTIONS.map(noFunction).join(' OR ')} THEN
    ALTER TABLE ${quoted} SET (fillfactor = 70);

${functionsSql(table)}

    changed := true;
  END IF;

  IF to_regprocedure('${withSuffix('read_committed')}(text,text,text)') IS NULL THEN
${procedureSql(table)}

    changed := true;
  END IF;

  IF to_regclass('${withSuffix('failed')}') IS NULL THEN
    CREATE TABLE ${withSuffix('failed')} (
      key text COLLATE "C" PRIMARY KEY,
      id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
      scope text COLLATE "C" NOT NULL,
      event_id text NOT NULL,
      expires_at timestamptz NOT NULL,
      data text NOT NULL, -- JSON: type, handler, reason, attempts, time
      delivery text -- JSON: the payload; only with idempotency.failed.payloads
    );
    CREATE INDEX ${bareWithSuffix('failed_id')} ON ${withSuffix('failed')} (scope, id);
    changed := true;
  END IF;

  IF to_regclass('${withSuffix('apps')}') IS NULL THEN
    CREATE TABLE ${withSuffix('apps')} (
      id text PRIMARY KEY,
      expires_at timestamptz NOT NULL,
      data text NOT NULL -- JSON: the application, its endpoint and handlers
    );
    changed := true;
  END IF;

  IF to_regclass('${withSuffix('texts')}') IS NULL THEN
    CREATE TABLE ${withSuffix('texts')} (
      name text COLLATE "C" PRIMARY KEY,
      data text NOT NULL -- JSON: how far catching up has come
    );
    changed := true;
  END IF;

  IF to_regclass('${withSuffix('log')}') IS NULL THEN
${logTablesSql(table)}
    changed := true;
  END IF;

  IF changed THEN
    COMMENT ON TABLE ${quoted} IS 'nestjs-scalekit-webhooks, schema version 2';
  END IF;
END
$migration$;
`;
}

/** `sql/postgres.sql` of the package, for those who run their migrations themselves. */
export function migrationFile(table: string): string {
  return `-- What PostgresIdempotencyStore.migrate() does: safe to run again, at once from several places, and over any
-- earlier version. For a table of another name, replace ${table} throughout.
${migrationSql(readTableName(table))}`;
}
