-- What PostgresIdempotencyStore.migrate() does: safe to run again, at once from several places, and over any
-- earlier version. For a table of another name, replace scalekit_webhook_events throughout.
DO $migration$
DECLARE
  version integer;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('nestjs-scalekit-webhooks "scalekit_webhook_events"', 0));
  version := coalesce(substring(obj_description(to_regclass('"scalekit_webhook_events"'), 'pg_class') from 'schema version (\d+)')::integer, 0);

  IF version < 1 THEN
    CREATE TABLE "scalekit_webhook_events" (
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
    CREATE INDEX "scalekit_webhook_events_forget_after" ON "scalekit_webhook_events" (forget_after);
    COMMENT ON TABLE "scalekit_webhook_events" IS 'nestjs-scalekit-webhooks, schema version 1';
  END IF;
END
$migration$;
