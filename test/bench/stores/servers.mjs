import { importTypeScript } from '../harness/import-typescript.mjs';

const support = (file) => new URL(`../../support/${file}`, import.meta.url);

/** Servers of our own. PostgreSQL syncs each commit to the disk, Redis writes nothing to it. */
export async function startServers() {
  const { RedisServer } = await importTypeScript(support('redis-server.ts'));
  const { PostgresServer } = await importTypeScript(support('postgres-server.ts'));
  const redis = await RedisServer.start();
  try {
    const postgres = await PostgresServer.start();
    let databases = 0;
    return {
      /** Of an empty database. */
      open: {
        redis: () => `${redis.url}/${databases++}`,
        postgres: () => postgres.createDatabase(),
      },
      stop: () => Promise.all([redis.stop(), postgres.stop()]),
    };
  } catch (error) {
    await redis.stop();
    throw error;
  }
}
