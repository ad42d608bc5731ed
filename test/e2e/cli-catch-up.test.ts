import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PostgresIdempotencyStore } from '../../lib/adapters/postgres/index.js';
import { RedisIdempotencyStore } from '../../lib/adapters/redis/index.js';
import { EventLog, EventsApi, momentOf } from '../support/events-api.js';
import { deleteRows, freshPrefix } from '../support/redis-rows.js';
import { anyPostgres } from '../support/postgres-server.js';
import { anyRedis } from '../support/redis-server.js';
import { runCli, useFolder } from '../support/run-cli.js';
import { runOnTerminal } from '../support/run-on-terminal.js';

const HOUR = 3_600_000;
const folder = useFolder();
const keyPrefix = freshPrefix();
let server: Awaited<ReturnType<typeof anyRedis>>;
let redis: Redis;
let api: EventsApi;
let env: Record<string, string>;

beforeAll(async () => {
  server = await anyRedis();
  redis = new Redis(server.url);
  const log = new EventLog();
  log.add(
    ...['received', 'missed', 'other'].map((id, index) => ({
      id,
      type: index === 2 ? 'user.deleted' : 'user.created',
      organizationId: `org_${index}`,
      occurredAt: momentOf(Date.now() - (index + 1) * HOUR),
      data: {},
    })),
  );
  api = await EventsApi.start(log);
  const store = new RedisIdempotencyStore({ client: redis, keyPrefix });
  await finish(store, 'billing/default:received');
  env = {
    SCALEKIT_ENVIRONMENT_URL: api.url,
    SCALEKIT_CLIENT_ID: EventsApi.clientId,
    SCALEKIT_CLIENT_SECRET: EventsApi.clientSecret,
    NODE_TLS_REJECT_UNAUTHORIZED: '0',
  };
});

async function finish(store: RedisIdempotencyStore | PostgresIdempotencyStore, key: string): Promise<void> {
  const claim = await store.begin(key, { leaseMs: 60_000, ttlMs: 600_000, fingerprint: 1 });
  await store.complete(key, claim.status === 'acquired' ? claim.token : 0, 600_000);
}

afterAll(async () => {
  await deleteRows([redis], keyPrefix);
  redis.disconnect();
  await api.stop();
  await server.stop();
});

it('reports what the store does not know as done, and changes nothing', async () => {
  const before = await redis.keys(`${keyPrefix}*`);
  const store = ['--store', server.url, '--keys', keyPrefix, '--namespace', 'billing'];
  const args = ['catch-up', '--since', '1d', '--dry-run', ...store];
  const { code, stdout } = await runCli([...args, '--json'], { env });
  expect(JSON.parse(stdout)).toMatchObject({
    received: 1,
    listed: { total: 3 },
    missed: {
      total: 2,
      byType: { 'user.created': 1, 'user.deleted': 1 },
      byOrganization: { org_1: 1, org_2: 1 },
    },
  });
  expect(code).toBe(1);
  const narrowed = await runCli([...args, '--type', 'user.deleted'], { env });
  expect(narrowed.stdout).toMatch(/1 events[^]*received 0, missed 1[^]*user\.deleted {2}1/);
  expect(await redis.keys(`${keyPrefix}*`)).toEqual(before);
});

it('looks into a PostgreSQL store, and shows on a terminal how far it has come', async () => {
  const postgres = await anyPostgres();
  const url = await postgres.createDatabase();
  const pool = new pg.Pool({ connectionString: url });
  try {
    const store = new PostgresIdempotencyStore({ client: pool, table: 'ledger' });
    await store.migrate();
    await finish(store, 'default:received');
    const args = ['catch-up', '--since', '1d', '--dry-run', '--store', url, '--keys', 'ledger'];
    const { code, stdout } = await runCli([...args, '--json'], { env });
    expect(JSON.parse(stdout)).toMatchObject({
      received: 1,
      missed: { total: 2, byOrganization: { org_1: 1, org_2: 1 } },
    });
    expect(code).toBe(1);
    const shown = await runOnTerminal(args, { env });
    expect(shown.stdout).toMatch(/█{40} \d{4}-\d\d-\d\dT[\d:.]+Z {2}3 events/);
    expect(shown.stdout).toMatch(/received 1, missed 2/);
    const { rows } = await pool.query('SELECT count(*)::int AS rows FROM ledger');
    expect(rows).toEqual([{ rows: 1 }]);
  } finally {
    await pool.end();
    await postgres.stop();
  }
});

it('says that the tables of a PostgreSQL store are missing', async () => {
  const postgres = await anyPostgres();
  try {
    const store = ['--store', await postgres.createDatabase()];
    const { code, stderr } = await runCli(['catch-up', '--since', '1d', '--dry-run', ...store], { env });
    expect(stderr).toMatch(/is missing: call migrate\(\)/);
    expect(code).toBe(2);
  } finally {
    await postgres.stop();
  }
});

it.each(['redis', 'postgres'])('says that nobody answers at the URL of a %s store', async (kind) => {
  const store = ['--store', `${kind}://user:very-secret@127.0.0.1:1/0`];
  const { code, stderr } = await runCli(['catch-up', '--since', '1d', '--dry-run', ...store], { env });
  expect(stderr).toMatch(/The store can't be read\. [^]*(ECONNREFUSED|max retries)/);
  expect(stderr).not.toContain('very-secret');
  expect(code).toBe(4);
});

it('only counts events without a store', async () => {
  const { code, stdout } = await runCli(['catch-up', '--since', '90m', '--dry-run'], { env });
  expect(stdout).toMatch(/1 events[^]*Without --store nobody can tell/);
  expect(code).toBe(0);
});

it.each([
  ['no --dry-run', ['--since', '1d'], {}, /has no handlers/],
  ['a senseless time', ['--since', 'soon', '--dry-run'], {}, /--since must be a time in the past/],
  [
    'a missing variable',
    ['--since', '1d', '--dry-run'],
    { SCALEKIT_CLIENT_ID: '' },
    /Set SCALEKIT_CLIENT_ID/,
  ],
  [
    'another kind of store',
    ['--since', '1d', '--dry-run', '--store', 'mysql://h'],
    {},
    /--store must be a URL/,
  ],
  ['a time that dates are not written as', ['--since', '1w', '--dry-run'], {}, /--since must be a time/],
  [
    'a senseless URL of the environment',
    ['--since', '1d', '--dry-run'],
    { SCALEKIT_ENVIRONMENT_URL: 'acme' },
    /SCALEKIT_ENVIRONMENT_URL must be a URL/,
  ],
  [
    'a password that can not be read',
    ['--since', '1d', '--dry-run', '--store', 'redis://u:%ZZ@127.0.0.1'],
    {},
    /not percent-encoded/,
  ],
  [
    'a senseless table',
    ['--since', '1d', '--dry-run', '--store', 'postgres://127.0.0.1:1/x', '--keys', "a'b"],
    {},
    /--keys can not be the table: .* can't be the table/,
  ],
  [
    'wrong credentials',
    ['--since', '1d', '--dry-run'],
    { SCALEKIT_CLIENT_SECRET: 'wrong-secret' },
    /refuses to list/,
  ],
] as const)('refuses %s', async (_, args, change, message) => {
  const { code, stderr } = await runCli(['catch-up', ...args], { env: { ...env, ...change } });
  expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(/wrong-secret|test_secret/);
  expect(code).toBe(2);
});

/** A project whose SDK lists as this code says. */
function useSdk(listEventsPaginated: string): void {
  const sdk = join(folder.path, 'node_modules/@scalekit-sdk/node');
  mkdirSync(sdk, { recursive: true });
  writeFileSync(
    join(sdk, 'index.js'),
    `exports.ScalekitClient = class { events = { listEventsPaginated: ${listEventsPaginated} } };`,
  );
}

it('waits for an API that does not answer, and says so', async () => {
  useSdk("() => Promise.reject(Object.assign(new Error('down'), { retryAfterSeconds: 0.01 }))");
  const args = ['catch-up', '--since', '1d', '--dry-run'];
  const { code, stderr } = await runCli(args, { env, cwd: folder.path });
  expect(stderr).toMatch(/did not list events in 6 tries/);
  expect(code).toBe(4);
});

it('ends on Ctrl-C, and gives the cursor back', async () => {
  useSdk('() => new Promise((resolve) => setTimeout(resolve, 600_000))');
  const args = ['catch-up', '--since', '1d', '--dry-run'];
  const { code, stdout } = await runOnTerminal(args, {
    ...{ env, cwd: folder.path, question: '0 events', answer: '\u0003' },
  });
  expect(stdout.lastIndexOf('\u001b[?25h')).toBeGreaterThan(stdout.lastIndexOf('\u001b[?25l'));
  expect(code).toBe(130);
});
