import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  accessSync,
  chownSync,
  constants,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';

// Imports nothing of ours and has no syntax that Node can't strip: a plain script can load it, too.

export interface PostgresServerOptions {
  /** Without it a commit is not on the disk when it is answered: for tests that kill no server and want to be fast. */
  readonly fsync?: boolean;
  /** More of `postgresql.conf`, such as `{ log_statement: 'all' }`. */
  readonly settings?: Readonly<Record<string, string>>;
}

const STARTS_WITHIN_MS = 60_000;

/** A PostgreSQL of our own on 127.0.0.1, with its data in a temporary folder. */
export class PostgresServer {
  readonly port: number;
  /** What the server has logged. */
  log = '';
  private readonly folder = mkdtempSync(join(tmpdir(), 'postgres-server-'));
  private readonly user = unprivilegedUser();
  private readonly args: readonly string[];
  private child: ChildProcess | undefined;
  private databases = 0;

  private constructor(port: number, { fsync = true, settings = {} }: PostgresServerOptions) {
    this.port = port;
    const all = {
      listen_addresses: '127.0.0.1',
      port: String(port),
      unix_socket_directories: this.folder,
      max_connections: '200',
      fsync: fsync ? 'on' : 'off',
      full_page_writes: fsync ? 'on' : 'off',
      ...settings,
    };
    this.args = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  }

  static async start(options: PostgresServerOptions = {}): Promise<PostgresServer> {
    const server = new PostgresServer(await freePort(), options);
    server.initialize();
    await server.run();
    return server;
  }

  /** Of the database that is always there. */
  get url(): string {
    return `postgres://test@127.0.0.1:${this.port}/postgres`;
  }

  /** Of the postmaster, the parent of all others. */
  get pid(): number {
    if (this.child?.pid === undefined) {
      throw new Error(`The PostgreSQL on port ${this.port} is not running.`);
    }
    return this.child.pid;
  }

  /** An empty database. */
  createDatabase(): Promise<string> {
    return createDatabase(this.url, `test_${++this.databases}`);
  }

  /** Stops all its processes in mid-air: it keeps its connections and answers nothing. */
  pause(): void {
    this.signalAll('SIGSTOP');
  }

  resume(): void {
    this.signalAll('SIGCONT');
  }

  /** SIGKILL to all its processes: what was not synced is lost. */
  async kill(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (child?.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      signalAll(child.pid, 'SIGKILL');
      await exited;
    }
  }

  /** After `kill`: with the same port, data and options. */
  async restart(): Promise<void> {
    await this.run();
  }

  /** For good: the data goes, too. */
  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  private initialize(): void {
    if (this.user) {
      chownSync(this.folder, this.user.uid, this.user.gid);
    }
    const args = [
      '-D',
      join(this.folder, 'data'),
      '-U',
      'test',
      '-A',
      'trust',
      '-E',
      'UTF8',
      '--locale=C',
      '-N',
    ];
    execFileSync(join(postgresBinaries(), 'initdb'), args, { ...this.user, cwd: this.folder, stdio: 'pipe' });
  }

  private async run(): Promise<void> {
    const child = spawn(
      join(postgresBinaries(), 'postgres'),
      ['-D', join(this.folder, 'data'), ...this.args],
      {
        ...this.user,
        cwd: this.folder,
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    this.child = child;
    child.stderr.on('data', (text: Buffer) => (this.log += text.toString()));
    const killWithUs = () => {
      signalAll(child.pid, 'SIGKILL');
    };
    process.once('exit', killWithUs);
    child.once('exit', () => process.off('exit', killWithUs));
    await this.untilItAnswers(child);
  }

  private async untilItAnswers(child: ChildProcess): Promise<void> {
    const until = Date.now() + STARTS_WITHIN_MS;
    for (;;) {
      const client = new pg.Client(this.url);
      client.on('error', () => undefined);
      try {
        await client.connect();
        await client.end();
        return;
      } catch (cause) {
        if (child.exitCode !== null || Date.now() > until) {
          throw new Error(`PostgreSQL did not start on port ${this.port}:\n${this.log}`, { cause });
        }
        await wait(20);
      }
    }
  }

  private signalAll(signal: NodeJS.Signals): void {
    signalAll(this.pid, signal);
  }
}

/** The server at `DATABASE_URL`, or one of our own: for tests that do no harm to it. */
export async function anyPostgres(
  options?: PostgresServerOptions,
): Promise<Pick<PostgresServer, 'createDatabase' | 'stop'>> {
  const { DATABASE_URL: url } = process.env;
  if (!url) {
    return PostgresServer.start(options);
  }
  let databases = 0;
  return {
    createDatabase: () => createDatabase(url, `scalekit_test_${process.pid}_${++databases}`),
    stop: () => Promise.resolve(),
  };
}

async function createDatabase(server: string, name: string): Promise<string> {
  const client = new pg.Client(server);
  await client.connect();
  await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

/** The parent first: each of its children is in a session of its own. */
function signalAll(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) {
    return; // It never started.
  }
  for (const each of [pid, ...childrenOf(pid)]) {
    try {
      process.kill(each, signal);
    } catch {
      // It has just ended.
    }
  }
}

function childrenOf(pid: number): number[] {
  return processTable()
    .filter(([, parent]) => parent === pid)
    .map(([child]) => child);
}

/** From `/proc`, as `ps` is not everywhere; from `ps` where there is no `/proc`. */
function processTable(): (readonly [pid: number, parent: number])[] {
  if (process.platform !== 'linux') {
    const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=']).toString().trim().split('\n');
    return lines.map((line) => line.trim().split(/\s+/).map(Number) as [number, number]);
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), parentOf(name)]);
}

function parentOf(pid: string): number {
  try {
    return Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]);
  } catch {
    return NaN; // It has just ended.
  }
}

/** PostgreSQL does not run as root. */
function unprivilegedUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) {
    return undefined;
  }
  postgresBinaries(); // Its package makes the user.
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const user = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  if (!user) {
    throw new Error('PostgreSQL does not run as root, and there is no user postgres or nobody to run it as.');
  }
  return { uid: Number(user[2]), gid: Number(user[3]) };
}

/** Below the range from which the system picks ports for outgoing connections, so that a restart finds it free. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => {
        resolve(false);
      });
      server.listen(port, '127.0.0.1', () => {
        resolve(true);
      });
    });
    if (isFree) {
      server.close();
      await once(server, 'close');
      return port;
    }
  }
}

const DEBIAN = '/usr/lib/postgresql';

let found: string | undefined;

/** The folder of `initdb` and `postgres`: on the PATH, where Debian keeps them, or installed there by apt. */
export function postgresBinaries(): string {
  found ??= present() ?? installed();
  return found;
}

function installed(): string {
  const command = 'apt-get update && apt-get install -y --no-install-recommends postgresql';
  if (process.getuid?.() === 0 && isExecutable('/usr/bin/apt-get')) {
    console.error(`PostgreSQL is not installed: ${command}`);
    const options = ['-o', 'DPkg::Lock::Timeout=300'];
    // RUNLEVEL=1 keeps the package from starting a server of its own.
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
    for (const step of [['update'], ['install', '-y', '--no-install-recommends', 'postgresql']]) {
      spawnSync('apt-get', [...options, ...step], { stdio: ['ignore', 'ignore', 'inherit'], env });
    }
  }
  const folder = present();
  if (!folder) {
    throw new Error(
      `These tests need PostgreSQL, which is not on the PATH. Install it: sudo sh -c '${command}' (macOS: brew install ` +
        'postgresql), or give them a server: DATABASE_URL=postgres://… npm test',
    );
  }
  return folder;
}

function present(): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
  return [
    ...(process.env.PATH ?? '').split(delimiter),
    ...versions.map((version) => join(DEBIAN, version, 'bin')),
  ].find(
    (folder) => folder !== '' && ['initdb', 'postgres'].every((name) => isExecutable(join(folder, name))),
  );
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
