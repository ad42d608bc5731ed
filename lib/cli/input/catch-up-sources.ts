import { createRequire } from 'node:module';
import { join } from 'node:path';
import { PostgresIdempotencyStore } from '../../adapters/postgres/postgres-idempotency.store.js';
import type { PostgresClient } from '../../adapters/postgres/postgres-client.js';
import type { IoredisClient } from '../../adapters/redis/redis-client.js';
import { RedisIdempotencyStore } from '../../adapters/redis/redis-idempotency.store.js';
import type { ScalekitEventsClient } from '../../catch-up/events-client.js';
import type { CatchUpStore } from '../../idempotency/idempotency-store.extras.js';
import { messageOf } from '../../shared/describe-error.js';
import { CliError } from '../cli.error.js';
import type { Output } from '../output/output.js';

export interface ConnectedStore {
  readonly catchUp: CatchUpStore;
  close(): Promise<unknown>;
}

type Constructor<T> = new (...args: unknown[]) => T;

/** The SDK of the project in the current folder: the command comes without one. */
export function loadEventsClient(url: string, id: string, secret: string): ScalekitEventsClient {
  const { ScalekitClient } = load('@scalekit-sdk/node') as {
    ScalekitClient: Constructor<Partial<ScalekitEventsClient>>;
  };
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new CliError(
      'bad_input',
      'SCALEKIT_ENVIRONMENT_URL must be a URL such as https://acme.scalekit.com.',
    );
  }
  const client = new ScalekitClient(url, id, secret);
  if (typeof client.events?.listEventsPaginated !== 'function') {
    throw new CliError(
      'bad_input',
      '@scalekit-sdk/node of this project can not list events: install 2.11.0 or later.',
    );
  }
  return client as ScalekitEventsClient;
}

/** Reads only. Its driver is that of the project, too. */
export function connectToStore(url: string, keys: string | undefined, output: Output): ConnectedStore {
  if (!URL.canParse(url) || !/^(rediss?|postgres(ql)?):$/.test(new URL(url).protocol)) {
    throw new CliError('bad_input', '--store must be a URL: redis://…, rediss://… or postgres://….');
  }
  const { protocol, password } = new URL(url);
  output.keepSecret(
    orBadInput('The password in --store is not percent-encoded', () => decodeURIComponent(password)),
  );
  if (protocol.startsWith('redis')) {
    const { Redis } = load('ioredis') as {
      Redis: Constructor<IoredisClient & { disconnect(): void; on(...args: unknown[]): void }>;
    };
    const client = new Redis(url, { maxRetriesPerRequest: 1 });
    client.on('error', () => undefined); // The call that fails says so.
    const { catchUp } = orBadInput(
      '--keys can not be the keyPrefix',
      () => new RedisIdempotencyStore({ client, ...(keys !== undefined && { keyPrefix: keys }) }),
    );
    return {
      catchUp,
      close: () => {
        client.disconnect();
        return Promise.resolve();
      },
    };
  }
  const { Pool } = load('pg') as { Pool: Constructor<PostgresClient & { end(): Promise<unknown> }> };
  const client = new Pool({ connectionString: url, max: 1 });
  const { catchUp } = orBadInput(
    '--keys can not be the table',
    () => new PostgresIdempotencyStore({ client, ...(keys !== undefined && { table: keys }) }),
  );
  return { catchUp, close: () => client.end() };
}

function orBadInput<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new CliError('bad_input', `${what}: ${messageOf(error)}`);
  }
}

function load(name: string): unknown {
  try {
    return createRequire(join(process.cwd(), 'package.json'))(name) as unknown;
  } catch {
    throw new CliError(
      'bad_input',
      `${name} is not installed in this project: run the command where your application is.`,
    );
  }
}
