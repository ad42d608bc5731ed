import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { PostgresIdempotencyStore } from '../../lib/adapters/postgres/index.js';
import { PostgresServer } from '../support/postgres-server.js';
import { RedisServer } from '../support/redis-server.js';
import { type EngineName, Fleet, type FleetSetup } from './fleet.js';
import { History } from './history.js';

export const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
export const ENGINES: readonly EngineName[] = [
  'inline on Redis',
  'inline on PostgreSQL',
  'BullMQ on Redis',
  'pg-boss on PostgreSQL',
];

/** Its queue is in the database of its store. */
export const PG_BOSS: EngineName = 'pg-boss on PostgreSQL';

/** Longer than any pause of a queue in these tests. */
const QUIET_MS = 3_000;

const PLAIN = ['Handlers.one', 'Handlers.two'];
const TRANSACTIONAL = ['TransactionalHandlers.write'];

/** How soon work that a killed process leaves behind is taken up: sooner than anyone would want it in production. */
const QUEUES: Partial<Record<EngineName, object>> = {
  'BullMQ on Redis': {
    attempts: 100,
    backoff: { type: 'fixed', delayMs: 200 },
    worker: { lockDuration: 2_000, stalledInterval: 1_000 },
  },
  'pg-boss on PostgreSQL': {
    attempts: 100,
    backoff: { type: 'fixed', delayMs: 200 },
    worker: { heartbeatSeconds: 2, pollingIntervalSeconds: 0.2 },
  },
};

/** A server and what runs on it; both end with `close`. */
export class World {
  readonly handlers: readonly string[];
  private readonly folder = mkdtempSync(join(tmpdir(), 'fleet-'));
  private readonly log = join(this.folder, 'log');

  private constructor(
    readonly engine: EngineName,
    readonly server: RedisServer | PostgresServer,
    private readonly databaseUrl?: string,
  ) {
    this.handlers = databaseUrl === undefined ? PLAIN : [...PLAIN, ...TRANSACTIONAL];
    writeFileSync(this.log, '');
  }

  static async create(engine: EngineName): Promise<World> {
    if (engine.endsWith('Redis')) {
      return new World(engine, await RedisServer.start({ appendOnly: 'always' }));
    }
    const server = await PostgresServer.start();
    const url = await server.createDatabase();
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await new PostgresIdempotencyStore({ client }).migrate();
    await client.query('CREATE TABLE effects (event text NOT NULL)');
    await client.end();
    return new World(engine, server, url);
  }

  startFleet(
    size: number,
    {
      through = this.server.port,
      ...setup
    }: Omit<FleetSetup, 'engine' | 'secret' | 'log'> & { through?: number },
  ): Promise<Fleet> {
    return Fleet.start(size, {
      engine: this.engine,
      secret: SECRET,
      log: this.log,
      ...(this.databaseUrl === undefined
        ? { redisPort: through }
        : { databaseUrl: withPort(this.databaseUrl, through) }),
      queue: QUEUES[this.engine] ?? {},
      ...setup,
    });
  }

  /** How often the fleet has died at a point, if it was to die only so often at each. */
  deathsAt(point: string): number {
    return readdirSync(this.folder).filter((file) => file.startsWith(`log.${point}.`)).length;
  }

  /** The processes that have started handlers. */
  get workers(): readonly number[] {
    const lines = readFileSync(this.log, 'utf8').split('\n');
    const starts = lines.filter((line) => line.startsWith('start\t'));
    return [...new Set(starts.map((line) => Number(line.split('\t').at(-1))))];
  }

  /** The log as it is now. */
  get soFar(): History {
    return History.read(this.log, this.handlers);
  }

  /** Waits until every handler has had its effect on every event, and nothing has happened for a while. */
  async whenQuiet(eventIds: readonly string[], patienceMs: number): Promise<History> {
    const deadline = Date.now() + patienceMs;
    for (let size = -1, quietSince = 0; ;) {
      await wait(QUIET_MS / 10);
      const now = Date.now();
      if (size !== statSync(this.log).size) {
        size = statSync(this.log).size;
        quietSince = now;
      }
      if (now < deadline && now - quietSince < QUIET_MS) {
        continue;
      }
      const history = this.soFar;
      const isComplete = async () =>
        history.lost(eventIds, PLAIN).length === 0 && (await this.notOnceInDatabase(eventIds)).length === 0;
      if (now >= deadline || (await isComplete())) {
        return history;
      }
    }
  }

  /** Those of the events whose transactional handler has not taken effect exactly once: none without a database. */
  async notOnceInDatabase(eventIds: readonly string[]): Promise<string[]> {
    if (this.databaseUrl === undefined) {
      return [];
    }
    const client = new pg.Client({ connectionString: this.databaseUrl });
    await client.connect();
    const { rows } = await client.query<{ event: string; effects: number }>(
      'SELECT event, count(*)::int AS effects FROM effects GROUP BY event',
    );
    await client.end();
    const effects = new Map(rows.map((row) => [row.event, row.effects]));
    return eventIds.filter((id) => effects.get(id) !== 1);
  }

  /** What is left in pg-boss's tables: the jobs of handlers that are done must be gone. */
  async jobsLeft(): Promise<object[]> {
    if (this.engine !== PG_BOSS) {
      return [];
    }
    const client = new pg.Client({ connectionString: this.databaseUrl });
    await client.connect();
    const { rows } = await client.query<object>(
      "SELECT state, data ->> 'eventId' AS event, data ->> 'handler' AS handler FROM pgboss.job",
    );
    await client.end();
    return rows;
  }

  get plainHandlers(): readonly string[] {
    return PLAIN;
  }

  async close(): Promise<void> {
    await this.server.stop();
    rmSync(this.folder, { recursive: true });
  }
}

function withPort(url: string, port: number): string {
  return Object.assign(new URL(url), { port: String(port) }).href;
}

export function createdEvents(count: number, prefix: string): { id: string; type: string; data: object }[] {
  return Array.from({ length: count }, (_, at) => ({
    id: `evt_${prefix}_${at}`,
    type: 'user.created',
    data: { userId: `usr_${at}`, email: `person-${at}@example.com` },
  }));
}
