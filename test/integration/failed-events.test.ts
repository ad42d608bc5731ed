import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ScalekitWebhookService, UnrecoverableEventError } from '../../lib/index.js';
import { PostgresIdempotencyStore } from '../../lib/adapters/postgres/index.js';
import { RedisIdempotencyStore } from '../../lib/adapters/redis/index.js';
import { describeInlineFailures, Sync } from '../support/failed-events.js';
import { anyPostgres } from '../support/postgres-server.js';
import { freshPrefix } from '../support/redis-rows.js';
import { anyRedis } from '../support/redis-server.js';
import { anEvent, WebhookApp } from '../support/webhook-app.js';

const TERMS = {
  attempts: 1,
  failedAt: 0,
  fingerprint: 0,
  type: 'user.created',
  scope: 'default',
  handler: 'A.one',
};

describe('an event that is given up inline, on Redis', () => {
  let server: Awaited<ReturnType<typeof anyRedis>>;
  let client: Redis;

  beforeAll(async () => {
    server = await anyRedis();
    client = new Redis(server.url);
  }, 60_000);

  afterAll(async () => {
    client.disconnect();
    await server.stop();
  });

  describeInlineFailures(() =>
    Promise.resolve(new RedisIdempotencyStore({ client, keyPrefix: freshPrefix() })),
  );

  it('is forgotten after its time, and leaves nothing behind', async () => {
    const keyPrefix = freshPrefix();
    const { failures } = new RedisIdempotencyStore({ client, keyPrefix });
    await failures.keep({ ...TERMS, eventId: 'gone', reason: 'x' }, { keep: 10, keepMs: 1 });
    await failures.keep(
      { ...TERMS, eventId: 'kept', reason: 'x', delivery: 'x' },
      { keep: 10, keepMs: 600_000 },
    );
    await expect
      .poll(async () => (await failures.list('default', { limit: 10, cursor: undefined })).failures)
      .toMatchObject([{ eventId: 'kept' }]);
    expect(await failures.of('default', 'gone')).toEqual([]);
    const keys = await client.keys(`${keyPrefix}*`);
    expect(await Promise.all(keys.map((key) => client.pttl(key)))).toEqual([
      expect.closeTo(600_000, -5),
      expect.closeTo(600_000, -5),
    ]);
    await failures.forget('default', 'kept', ['A.one']);
    expect(await client.keys(`${keyPrefix}*`)).toEqual([]);
  });
});

describe('an event that is given up inline, on PostgreSQL', () => {
  let server: Awaited<ReturnType<typeof anyPostgres>>;
  let pool: pg.Pool;
  let tables = 0;

  beforeAll(async () => {
    server = await anyPostgres({ fsync: false });
    pool = new pg.Pool({ connectionString: await server.createDatabase(), max: 4 });
  }, 180_000);

  afterAll(async () => {
    await pool.end();
    await server.stop();
  }, 60_000);

  async function createStore() {
    const store = new PostgresIdempotencyStore({
      client: pool,
      table: `events_${++tables}`,
      timeoutMs: 20_000,
    });
    await store.migrate();
    return store;
  }

  describeInlineFailures(createStore);

  it('is forgotten after its time, and leaves nothing behind', async () => {
    const { failures } = await createStore();
    await failures.keep({ ...TERMS, eventId: 'gone', reason: 'x' }, { keep: 10, keepMs: 600_000 });
    await pool.query(`UPDATE events_${tables}_failed SET expires_at = now() - interval '1 s'`);
    expect(await failures.of('default', 'gone')).toEqual([]);
    expect((await failures.list('default', { limit: 10, cursor: undefined })).failures).toEqual([]);
    await failures.keep({ ...TERMS, eventId: 'kept', reason: 'x' }, { keep: 10, keepMs: 600_000 });
    expect((await pool.query(`SELECT event_id FROM events_${tables}_failed`)).rows).toEqual([
      { event_id: 'kept' },
    ]);
  });

  it('is only logged where the tables are older than this part of the store', async () => {
    const store = await createStore();
    await pool.query(`DROP TABLE events_${tables}_failed, events_${tables}_apps`);
    const app = await WebhookApp.start({ webhook: { idempotency: { store } }, providers: [Sync] });
    Sync.act = () => {
      throw new UnrecoverableEventError('no tenant');
    };
    const event = anEvent();
    expect((await app.deliver(event)).body).toBe('OK');
    expect((await app.deliver(event)).body).toBe('Already processed');
    const service = app.app.get(ScalekitWebhookService);
    await expect(service.failed()).rejects.toMatchObject({ code: 'keeps_no_events' });
    await expect(service.replay(event.id)).rejects.toThrow(/migrate\(\)/);
    await app.close();
  });
});
