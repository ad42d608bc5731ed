-- What PostgresIdempotencyStore.migrate() does: safe to run again, at once from several places, and over any
-- earlier version. For a table of another name, replace scalekit_webhook_events throughout.
DO $migration$
DECLARE
  changed boolean := false;
BEGIN
  PERFORM set_config('lock_timeout', '0', true);
  PERFORM pg_advisory_xact_lock(hashtextextended('nestjs-scalekit-webhooks "scalekit_webhook_events"', 0));

  IF to_regclass('"scalekit_webhook_events"') IS NULL THEN
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
    ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
    CREATE INDEX "scalekit_webhook_events_forget_after" ON "scalekit_webhook_events" (forget_after);
    changed := true;
  END IF;

  IF to_regprocedure('"scalekit_webhook_events_run"(text,text)') IS NULL OR to_regprocedure('"scalekit_webhook_events_begin"(text)') IS NULL OR to_regprocedure('"scalekit_webhook_events_handler_done"(text)') IS NULL OR to_regprocedure('"scalekit_webhook_events_complete"(text)') IS NULL OR to_regprocedure('"scalekit_webhook_events_accept"(text)') IS NULL OR to_regprocedure('"scalekit_webhook_events_finish"(text)') IS NULL OR to_regprocedure('"scalekit_webhook_events_log_append"(text)') IS NULL THEN
    ALTER TABLE "scalekit_webhook_events" SET (fillfactor = 70);

CREATE OR REPLACE FUNCTION "scalekit_webhook_events_run"(statement text, jobs text) RETURNS integer LANGUAGE plpgsql AS $function$
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
$function$;
CREATE OR REPLACE FUNCTION "scalekit_webhook_events_begin"(calls text) RETURNS text LANGUAGE plpgsql
SET enable_seqscan = off SET enable_nestloop = off AS $function$
DECLARE
  tokens text;
  claims integer;
  got jsonb;
  others text := '[]';
BEGIN
  WITH wanted AS MATERIALIZED (
    SELECT * FROM json_to_recordset(calls::json) AS call (key text, "leaseMs" float8, "ttlMs" float8, fingerprint integer, position bigint)
  ),
  claimed AS (
    INSERT INTO "scalekit_webhook_events" AS entry (key, until, forget_after, fingerprint, attempt, state, ttl_ms, position)
    SELECT call.key, clock_timestamp() + call."leaseMs" * interval '1 ms',
      clock_timestamp() + call."ttlMs" * interval '1 ms', call.fingerprint, 1, 0, call."ttlMs", call.position
    FROM wanted AS call
    WHERE call.key NOT IN (SELECT entry.key FROM "scalekit_webhook_events" AS entry WHERE entry.key = ANY (ARRAY(SELECT key FROM wanted)))
    ORDER BY call.key COLLATE "C"
    ON CONFLICT (key) DO NOTHING
    RETURNING entry.key, entry.token
  )
  SELECT coalesce(json_object_agg(key, token), '{}')::text, count(*) INTO tokens, claims FROM claimed;

  IF claims < json_array_length(calls::json) THEN
    got := tokens;
    WITH wanted AS MATERIALIZED (
      SELECT * FROM json_to_recordset(calls::json) AS call (key text, "leaseMs" float8, "ttlMs" float8, fingerprint integer, position bigint) WHERE got -> call.key IS NULL
    ),
    seen AS MATERIALIZED (
      SELECT entry.key, entry.state, entry.fingerprint, entry.last_position,
        extract(epoch FROM entry.until - clock_timestamp())::float8 * 1000 AS left_ms,
        (
  (entry.state <> 0 AND entry.until <= clock_timestamp())
  OR (coalesce(wanted.position >= entry.last_position, true)
      AND (entry.until <= clock_timestamp()
           OR entry.state = 1
           OR (entry.state >= 2 AND wanted.position IS NOT NULL)))) AS claimable
      FROM "scalekit_webhook_events" AS entry JOIN wanted USING (key) WHERE entry.key = ANY (ARRAY(SELECT key FROM wanted))
    ),
    free AS MATERIALIZED (
      SELECT entry.key FROM "scalekit_webhook_events" AS entry WHERE entry.key = ANY (ARRAY(SELECT key FROM seen WHERE seen.claimable))
      ORDER BY entry.key FOR UPDATE SKIP LOCKED
    ),
    claimed AS (
    INSERT INTO "scalekit_webhook_events" AS entry (key, until, forget_after, fingerprint, attempt, state, ttl_ms, position)
    SELECT call.key, clock_timestamp() + call."leaseMs" * interval '1 ms',
      clock_timestamp() + call."ttlMs" * interval '1 ms', call.fingerprint, 1, 0, call."ttlMs", call.position
    FROM wanted AS call LEFT JOIN seen USING (key) LEFT JOIN free USING (key)
    WHERE seen.key IS NULL OR free.key IS NOT NULL
    ORDER BY call.key COLLATE "C"
    ON CONFLICT (key) DO UPDATE SET
      token = DEFAULT, until = excluded.until, forget_after = excluded.forget_after, fingerprint = excluded.fingerprint,
      state = 0, ttl_ms = excluded.ttl_ms, position = excluded.position,
      attempt = CASE WHEN entry.state >= 2 OR (entry.state = 1 AND entry.until <= clock_timestamp())
        THEN 1 ELSE entry.attempt + 1 END,
      handlers_done = CASE WHEN entry.state = 1 AND entry.until <= clock_timestamp()
        THEN NULL ELSE entry.handlers_done END,
      last_position = CASE WHEN entry.state <> 0 AND entry.until <= clock_timestamp()
        THEN NULL ELSE entry.last_position END
    WHERE (
  (entry.state <> 0 AND entry.until <= clock_timestamp())
  OR (coalesce(excluded.position >= entry.last_position, true)
      AND (entry.until <= clock_timestamp()
           OR entry.state = 1
           OR (entry.state >= 2 AND excluded.position IS NOT NULL))))
    RETURNING entry.key, entry.token, entry.attempt, entry.handlers_done, entry.last_position
    )
    SELECT json_agg(json_build_object('key', wanted.key, 'token', claimed.token, 'attempt', claimed.attempt,
      'handlersDone', claimed.handlers_done, 'state', seen.state, 'fingerprint', seen.fingerprint, 'leftMs', seen.left_ms,
      'lastPosition', CASE WHEN claimed.key IS NULL THEN seen.last_position ELSE claimed.last_position END::text))::text
    INTO others
    FROM wanted LEFT JOIN claimed USING (key) LEFT JOIN seen ON seen.key = wanted.key AND NOT seen.claimable;
  END IF;

  RETURN '{"tokens":' || tokens || ',"others":' || others || '}';
END
$function$;
CREATE OR REPLACE FUNCTION "scalekit_webhook_events_handler_done"(calls text) RETURNS text LANGUAGE plpgsql
SET enable_seqscan = off SET enable_nestloop = off AS $function$
DECLARE
  recorded text;
BEGIN
  WITH wanted AS MATERIALIZED (
    SELECT * FROM json_to_recordset(calls::json) AS call (key text, token bigint, handler text)
  ),
  held AS MATERIALIZED (
    SELECT entry.key FROM "scalekit_webhook_events" AS entry JOIN wanted ON entry.key = wanted.key AND entry.token = wanted.token
    WHERE entry.key = ANY (ARRAY(SELECT key FROM wanted)) AND entry.state = 0 ORDER BY entry.key FOR UPDATE OF entry
  ),
  finished AS MATERIALIZED (
    SELECT key, array_agg(DISTINCT handler) AS handlers FROM wanted JOIN held USING (key) GROUP BY key
  ),
  noted AS (
    UPDATE "scalekit_webhook_events" AS entry SET handlers_done = coalesce(entry.handlers_done, '{}') || ARRAY(
      SELECT unnest(finished.handlers) EXCEPT SELECT unnest(entry.handlers_done))
    FROM finished WHERE entry.key = ANY (ARRAY(SELECT key FROM finished)) AND entry.key = finished.key
    RETURNING entry.key
  )
  SELECT coalesce(json_agg(key), '[]')::text INTO recorded FROM noted;
  RETURN recorded;
END
$function$;
CREATE OR REPLACE FUNCTION "scalekit_webhook_events_complete"(calls text) RETURNS text LANGUAGE plpgsql
SET enable_seqscan = off SET enable_nestloop = off AS $function$
DECLARE
  ended text;
BEGIN
  WITH wanted AS MATERIALIZED (
    SELECT * FROM json_to_recordset(calls::json) AS call (key text, token bigint, "ttlMs" float8, state smallint)
  ),
  completed AS (
    UPDATE "scalekit_webhook_events" AS entry SET
      state = wanted.state, until = clock_timestamp() + wanted."ttlMs" * interval '1 ms', ttl_ms = NULL,
      handlers_done = NULL, position = NULL, last_position = coalesce(entry.position, entry.last_position)
    FROM wanted
    WHERE entry.key = ANY (ARRAY(SELECT key FROM wanted)) AND entry.key = wanted.key AND entry.token = wanted.token AND entry.state = 0
    RETURNING entry.key
  )
  SELECT coalesce(json_agg(key), '[]')::text INTO ended FROM completed;
  RETURN ended;
END
$function$;
CREATE OR REPLACE FUNCTION "scalekit_webhook_events_accept"(calls text) RETURNS text LANGUAGE plpgsql
SET enable_seqscan = off SET jit = off AS $function$
DECLARE
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
    INSERT INTO "scalekit_webhook_events" AS entry (key, until, forget_after, fingerprint, attempt, state)
    SELECT call.key, clock_timestamp() + call."ttlMs" * interval '1 ms', clock_timestamp() + call."ttlMs" * interval '1 ms',
      call.fingerprint, 1, call.state
    FROM wanted AS call
    WHERE call.key NOT IN (SELECT entry.key FROM "scalekit_webhook_events" AS entry WHERE entry.key = ANY (ARRAY(SELECT key FROM wanted)))
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

  IF "scalekit_webhook_events_run"(request ->> 'insert', jobs) < wanted_jobs OR wanted_jobs = 0 THEN
    PERFORM "scalekit_webhook_events_run"(request ->> 'revive', jobs);
  END IF;

  IF NOT all_new THEN
    SELECT "scalekit_webhook_events_begin"(json_agg(call)::text) INTO others
    FROM json_array_elements(request -> 'events') AS call WHERE claimed -> (call ->> 'key') IS NULL;
  END IF;

  RETURN '{"queued":' || claimed::text || ',"begun":' || others || '}';
END
$function$;
CREATE OR REPLACE FUNCTION "scalekit_webhook_events_finish"(calls text) RETURNS text LANGUAGE plpgsql
SET enable_seqscan = off SET jit = off AS $function$
DECLARE
  request json := calls;
  held text := "scalekit_webhook_events_complete"((request -> 'calls')::text);
BEGIN
  PERFORM "scalekit_webhook_events_run"(request ->> 'remove', coalesce(json_agg(call -> 'job'), '[]')::text)
  FROM json_array_elements(request -> 'calls') AS call
  WHERE held::jsonb @> to_jsonb(call ->> 'key');
  RETURN held;
END
$function$;
CREATE OR REPLACE FUNCTION "scalekit_webhook_events_log_append"(calls text) RETURNS text LANGUAGE plpgsql
SET enable_seqscan = off SET enable_nestloop = off AS $function$
DECLARE
  request record;
  now bigint;
  last bigint;
  gone bigint;
  gone_before bigint;
BEGIN
  SELECT * INTO request FROM json_to_record(calls::json) AS call (
    scope text, mark text, capacity integer, "keepMs" bigint, entries json);
  PERFORM pg_advisory_xact_lock(hashtextextended('nestjs-scalekit-webhooks "scalekit_webhook_events_log" ' || request.scope, 0));
  now := extract(epoch FROM clock_timestamp()) * 1000000;
  last := (SELECT max(kept.position) FROM "scalekit_webhook_events_log" AS kept WHERE kept.scope = request.scope);
  gone_before := coalesce((SELECT kept.position FROM "scalekit_webhook_events_log" AS kept WHERE kept.key = request.mark), now);

  INSERT INTO "scalekit_webhook_events_log" AS kept (key, scope, position, entry, detail)
  SELECT call.value ->> 0, request.scope, greatest(last, now) + call.ordinality, call.value ->> 1, call.value ->> 2
  FROM json_array_elements(request.entries) WITH ORDINALITY AS call
  ON CONFLICT (key) DO UPDATE SET
    position = excluded.position, entry = excluded.entry, detail = coalesce(excluded.detail, kept.detail);

  gone := greatest(gone_before, now - request."keepMs" * 1000, (
    SELECT kept.position FROM "scalekit_webhook_events_log" AS kept WHERE kept.scope = request.scope AND kept.position > gone_before
    ORDER BY kept.position DESC OFFSET request.capacity LIMIT 1));
  DELETE FROM "scalekit_webhook_events_log" AS kept
  WHERE kept.scope = request.scope AND kept.position > gone_before AND kept.position <= gone;
  INSERT INTO "scalekit_webhook_events_log" AS kept (key, scope, position) VALUES (request.mark, request.scope, gone)
  ON CONFLICT (key) DO UPDATE SET position = excluded.position;
  RETURN '[]';
END
$function$;

    changed := true;
  END IF;

  IF to_regprocedure('"scalekit_webhook_events_read_committed"(text,text,text)') IS NULL THEN
CREATE OR REPLACE PROCEDURE "scalekit_webhook_events_read_committed"(calls text, statement text, INOUT answers text)
LANGUAGE plpgsql AS $procedure$
BEGIN
  COMMIT;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE;
  SET LOCAL lock_timeout = 0;
  EXECUTE replace(statement, '@calls', '$1') INTO answers USING calls;
END
$procedure$;

    changed := true;
  END IF;

  IF to_regclass('"scalekit_webhook_events_failed"') IS NULL THEN
    CREATE TABLE "scalekit_webhook_events_failed" (
      key text COLLATE "C" PRIMARY KEY,
      id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
      scope text COLLATE "C" NOT NULL,
      event_id text NOT NULL,
      expires_at timestamptz NOT NULL,
      data text NOT NULL, -- JSON: type, handler, reason, attempts, time
      delivery text -- JSON: the payload; only with idempotency.failed.payloads
    );
    CREATE INDEX "scalekit_webhook_events_failed_id" ON "scalekit_webhook_events_failed" (scope, id);
    changed := true;
  END IF;

  IF to_regclass('"scalekit_webhook_events_apps"') IS NULL THEN
    CREATE TABLE "scalekit_webhook_events_apps" (
      id text PRIMARY KEY,
      expires_at timestamptz NOT NULL,
      data text NOT NULL -- JSON: the application, its endpoint and handlers
    );
    changed := true;
  END IF;

  IF to_regclass('"scalekit_webhook_events_texts"') IS NULL THEN
    CREATE TABLE "scalekit_webhook_events_texts" (
      name text COLLATE "C" PRIMARY KEY,
      data text NOT NULL -- JSON: how far catching up has come
    );
    changed := true;
  END IF;

  IF to_regclass('"scalekit_webhook_events_log"') IS NULL THEN
    CREATE UNLOGGED TABLE "scalekit_webhook_events_log" (
      key text COLLATE "C" PRIMARY KEY,
      scope text COLLATE "C" NOT NULL,
      position bigint NOT NULL, -- microseconds since 1970
      entry text,
      detail text
    ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
    CREATE INDEX "scalekit_webhook_events_log_position" ON "scalekit_webhook_events_log" (scope, position);
    CREATE UNLOGGED TABLE "scalekit_webhook_events_log_counts" (
      scope text COLLATE "C" NOT NULL,
      bucket_ms integer NOT NULL,
      at bigint NOT NULL, -- milliseconds since 1970
      process text COLLATE "C" NOT NULL,
      data text NOT NULL,
      PRIMARY KEY (scope, bucket_ms, at, process)
    ) WITH (fillfactor = 50);
    changed := true;
  END IF;

  IF changed THEN
    COMMENT ON TABLE "scalekit_webhook_events" IS 'nestjs-scalekit-webhooks, schema version 2';
  END IF;
END
$migration$;
