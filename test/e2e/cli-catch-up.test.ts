import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RedisIdempotencyStore } from '../../lib/adapters/redis/index.js';
import { EventLog, EventsApi, momentOf } from '../support/events-api.js';
import { deleteRows, freshPrefix } from '../support/redis-rows.js';
import { anyRedis } from '../support/redis-server.js';
import { runCli } from '../support/run-cli.js';

const HOUR = 3_600_000;
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
  const claim = await store.begin('billing/default:received', {
    leaseMs: 60_000,
    ttlMs: 600_000,
    fingerprint: 1,
  });
  await store.complete('billing/default:received', claim.status === 'acquired' ? claim.token : 0, 600_000);
  env = {
    SCALEKIT_ENVIRONMENT_URL: api.url,
    SCALEKIT_CLIENT_ID: EventsApi.clientId,
    SCALEKIT_CLIENT_SECRET: EventsApi.clientSecret,
    NODE_TLS_REJECT_UNAUTHORIZED: '0',
  };
});

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
