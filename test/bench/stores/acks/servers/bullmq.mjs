import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { bullMqDispatcher } from 'nestjs-scalekit-webhooks/bullmq';
import { RedisIdempotencyStore } from 'nestjs-scalekit-webhooks/redis';
import { startByHand } from './by-hand.mjs';
import { startOurs } from './ours.mjs';

const LEASE_MS = 60_000;
const REMEMBERED_MS = 604_800_000;
const QUEUE = 'webhooks';

const countIn = (queue) => () => queue.getWaitingCount();

export async function ours(url) {
  const store = new RedisIdempotencyStore({ client: new Redis(url) });
  const dispatcher = bullMqDispatcher({ connection: { url }, queueName: QUEUE });
  const port = await startOurs(store, dispatcher);
  return { port, count: countIn(new Queue(QUEUE, { connection: { url } })) };
}

async function byHand(url, claims) {
  const queue = new Queue(QUEUE, { connection: { url } });
  const options = {
    attempts: 8,
    backoff: { type: 'exponential', delay: 1_000 },
    removeOnComplete: true,
  };
  const enqueue = (event) => queue.add(event.type, event, { ...options, jobId: `${event.type}-${event.id}` });
  return { port: await startByHand(enqueue, claims), count: countIn(queue) };
}

/** A claim that a crash gives back, and that is kept when the job is queued. */
export function byHandWithClaims(url) {
  const redis = new Redis(url);
  const key = (id) => `event:${id}`;
  return byHand(url, {
    begin: async (id) => {
      if (await redis.set(key(id), 'in progress', 'PX', LEASE_MS, 'NX')) {
        return undefined;
      }
      return redis.get(key(id));
    },
    complete: (id) => redis.set(key(id), 'done', 'PX', REMEMBERED_MS),
    release: (id) => redis.del(key(id)),
  });
}

/** One command: a crash before the job is queued loses the event, for its retry is taken for a duplicate. */
export function byHandWithSetNx(url) {
  const redis = new Redis(url);
  const key = (id) => `event:${id}`;
  return byHand(url, {
    begin: async (id) => ((await redis.set(key(id), '1', 'PX', REMEMBERED_MS, 'NX')) ? undefined : 'done'),
    complete: async () => {},
    release: (id) => redis.del(key(id)),
  });
}
