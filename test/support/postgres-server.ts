import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';

export interface PostgresServerOptions {
  /** Off for tests that ask for speed and never kill the server. */
  readonly fsync?: boolean;
  /** Lines of postgresql.conf, such as `log_statement: 'all'`. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface PostgresServer {
  readonly port: number;
  /** Of an empty database. */
  createDatabase(): Promise<string>;
  /** Stops every process of the server, as SIGSTOP does, until `resume`. */
  pause(): void;
  resume(): void;
  /** The crash: SIGKILL to all of its processes. */
  kill(): Promise<void>;
  /** On the same port, with the same data. */
  restart(): Promise<void>;
  /** Removes its data, too. */
  close(): Promise<void>;
}

const START_WITHIN_MS = 30_000;

/**
 * The URL of an empty database: on the server of `DATABASE_URL` where given, else on one that is started here and can
 * be paused and killed.
 */
export async function startPostgres(options: PostgresServerOptions = {}): Promise<PostgresServer> {
  const bin = findBinaries();
  const user = unprivilegedUser();
  const directory = mkdtempSync(join(tmpdir(), 'scalekit-postgres-'));
  if (user) {
    chownSync(directory, user.uid, user.gid);
  }
  const data = join(directory, 'data');
  const as = { ...user, cwd: directory };
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'test', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '-N'], {
    ...as,
    stdio: 'pipe',
  });
  const port = await freePort();
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: directory,
    max_connections: '200',
    fsync: options.fsync === false ? 'off' : 'on',
    full_page_writes: options.fsync === false ? 'off' : 'on',
    ...options.settings,
  };
  const args = ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  let postmaster: ChildProcess;
  let log = '';
  const start = async () => {
    postmaster = spawn(join(bin, 'postgres'), args, { ...as, stdio: ['ignore', 'ignore', 'pipe'] });
    postmaster.stderr?.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-10_000);
    });
    await untilItAnswers(port, () => postmaster.exitCode !== null, () => log);
  };
  const processes = () => [postmaster.pid as number, ...childrenOf(postmaster.pid as number)];
  const signalAll = (signal: NodeJS.Signals) => {
    for (const pid of processes()) {
      try {
        process.kill(pid, signal);
      } catch {
        // It has just ended.
      }
    }
  };
  const end = async (signal: NodeJS.Signals) => {
    if (postmaster.exitCode === null && postmaster.signalCode === null) {
      const exited = once(postmaster, 'exit');
      if (signal === 'SIGKILL') {
        signalAll('SIGKILL');
      } else {
        signalAll('SIGCONT');
        postmaster.kill(signal);
      }
      await exited;
    }
  };
  await start();
  let databases = 0;
  return {
    port,
    createDatabase: () => createDatabase(`postgres://test@127.0.0.1:${port}/postgres`, `test_${++databases}`),
    pause: () => {
      signalAll('SIGSTOP');
    },
    resume: () => {
      signalAll('SIGCONT');
    },
    kill: () => end('SIGKILL'),
    restart: async () => {
      await end('SIGINT');
      await start();
    },
    close: async () => {
      await end('SIGQUIT');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export interface PostgresDatabases {
  createDatabase(): Promise<string>;
  close(): Promise<void>;
}

/** For tests that need a database only: on the server of `DATABASE_URL` where given, else on one that is started here. */
export async function postgresDatabases(options?: PostgresServerOptions): Promise<PostgresDatabases> {
  const { DATABASE_URL } = process.env;
  if (!DATABASE_URL) {
    return startPostgres(options);
  }
  let databases = 0;
  return {
    createDatabase: () => createDatabase(DATABASE_URL, `scalekit_test_${process.pid}_${++databases}`),
    close: () => Promise.resolve(),
  };
}

async function createDatabase(url: string, name: string): Promise<string> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  const created = new URL(url);
  created.pathname = `/${name}`;
  return created.href;
}

/** From PATH, else where Debian keeps them, else installed by apt. */
function findBinaries(): string {
  const found = installedBinaries();
  if (found) {
    return found;
  }
  const command = 'apt-get update && apt-get install -y --no-install-recommends postgresql';
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    process.stderr.write(`No PostgreSQL here: installing it (${command}).\n`);
    execFileSync('/bin/sh', ['-c', command], { stdio: 'inherit', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
    const installed = installedBinaries();
    if (installed) {
      return installed;
    }
  }
  throw new Error(
    `These tests need PostgreSQL. Run as root:  ${command}\nor give them a server:  DATABASE_URL=postgres://… npm test`,
  );
}

function installedBinaries(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    ...versions.map((version) => join(debian, version, 'bin')),
  ];
  return folders.find((folder) => ['initdb', 'postgres'].every((name) => existsSync(join(folder, name))));
}

/** PostgreSQL refuses to run as root. */
function unprivilegedUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) {
    return undefined;
  }
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (flag: string) => Number(execFileSync('id', [flag, name], { stdio: 'pipe' }).toString());
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      // The next one.
    }
  }
  throw new Error('PostgreSQL does not run as root, and there is no user postgres or nobody to run it as.');
}

function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === pid)
    .map(Number);
}

function parentOf(pid: string): number | undefined {
  try {
    return Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]);
  } catch {
    return undefined; // It has just ended.
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function untilItAnswers(port: number, hasExited: () => boolean, log: () => string): Promise<void> {
  const until = Date.now() + START_WITHIN_MS;
  for (;;) {
    const client = new pg.Client(`postgres://test@127.0.0.1:${port}/postgres`);
    try {
      await client.connect();
      await client.query('SELECT 1');
      await client.end();
      return;
    } catch (error) {
      client.end().catch(() => undefined);
      if (hasExited() || Date.now() > until) {
        throw new Error(`PostgreSQL did not start on port ${port}:\n${log()}`, { cause: error });
      }
      await wait(50);
    }
  }
}
