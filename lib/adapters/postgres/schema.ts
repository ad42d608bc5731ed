import { functionsSql } from './functions.js';
import { readTableName, type TableName } from './table-name.js';

/**
 * What brings the table from any earlier version, or none, to this one: a single statement, for clients that send one
 * at a time, and because it then happens whole or not at all. The version is the table's comment. Later versions add
 * a step at the end.
 *
 * - `until` is the end of the lease while the key runs, and after that the moment at which it is forgotten.
 * - `forget_after` is set by each claim, at or before `until` of what becomes of it. It is what the index is on, so
 *   that renewing, recording and completing change no indexed column: PostgreSQL then writes the new row beside the
 *   old one and no index entry (https://www.postgresql.org/docs/current/storage-hot.html), for which `fillfactor` keeps room.
 * - Keys are compared by their bytes (`collate "C"`): the order in which rows are locked must not depend on a locale.
 */
export function migrationSql(table: TableName): string {
  const { quoted, bare } = table;
  return `DO $migration$
DECLARE
  version integer;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('nestjs-scalekit-webhooks ${quoted}', 0));
  version := coalesce(substring(obj_description(to_regclass('${quoted}'), 'pg_class') from 'schema version (\\d+)')::integer, 0);

  IF version < 1 THEN
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
    ) WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.05);
    CREATE INDEX "${bare}_forget_after" ON ${quoted} (forget_after);
    COMMENT ON TABLE ${quoted} IS 'nestjs-scalekit-webhooks, schema version 1';
  END IF;

  IF version < 2 THEN
    ALTER TABLE ${quoted} SET (fillfactor = 70);

${functionsSql(table)}

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
