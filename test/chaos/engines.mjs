// What a fleet stands on: a store that its processes share, and a dispatcher or none (the handlers run inline).
const ENGINES = {
  async 'inline on Redis'(setup) {
    return onRedis(setup);
  },
  async 'inline on PostgreSQL'(setup) {
    return onPostgres(setup);
  },
  async 'BullMQ on Redis'(setup) {
    const { bullMqDispatcher } = await import('nestjs-scalekit-webhooks/bullmq');
    const engine = await onRedis(setup);
    const connection = { host: '127.0.0.1', port: setup.redisPort };
    return { ...engine, dispatcher: bullMqDispatcher({ connection, ...setup.queue }) };
  },
  async 'pg-boss on PostgreSQL'(setup) {
    const { pgBossDispatcher } = await import('nestjs-scalekit-webhooks/pg-boss');
    const engine = await onPostgres(setup);
    return {
      ...engine,
      dispatcher: pgBossDispatcher({ connectionString: setup.databaseUrl, ...setup.queue }),
    };
  },
};

export function connect(setup) {
  return ENGINES[setup.engine](setup);
}

async function onRedis({ redisPort }) {
  const [{ Redis }, { RedisIdempotencyStore }] = await Promise.all([
    import('ioredis'),
    import('nestjs-scalekit-webhooks/redis'),
  ]);
  const client = new Redis(redisPort, '127.0.0.1', { maxRetriesPerRequest: null, retryStrategy: () => 100 });
  client.on('error', () => undefined);
  return { store: new RedisIdempotencyStore({ client }), close: () => client.disconnect() };
}

async function onPostgres({ databaseUrl }) {
  const [{ default: pg }, { PostgresIdempotencyStore }] = await Promise.all([
    import('pg'),
    import('nestjs-scalekit-webhooks/postgres'),
  ]);
  const client = new pg.Pool({ connectionString: databaseUrl, max: 5 });
  client.on('error', () => undefined);
  const store = new PostgresIdempotencyStore({ client });
  return { store, close: () => client.end() };
}
