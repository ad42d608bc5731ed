import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

// Imports nothing of ours and has no syntax that Node can't strip: a plain script can load it, too.

export interface RedisServerOptions {
  /** How the append-only file is synced; without it nothing is written to disk, and a restart is empty. */
  readonly appendOnly?: 'always' | 'everysec';
  /** Starts a node that waits for its slots: see `redis-cluster.ts`. */
  readonly cluster?: boolean;
  /** More of `redis.conf`, such as `['--maxmemory', '2mb']`. */
  readonly args?: readonly string[];
}

/** A `redis-server` of our own on 127.0.0.1, with its data in a temporary folder. */
export class RedisServer {
  readonly port: number;
  private readonly folder = mkdtempSync(join(tmpdir(), 'redis-server-'));
  private readonly args: readonly string[];
  private child: ChildProcess | undefined;

  private constructor(port: number, { appendOnly, cluster, args = [] }: RedisServerOptions, busPort: number) {
    this.port = port;
    this.args = [
      ...['--port', String(port), '--bind', '127.0.0.1', '--dir', this.folder, '--save', ''],
      ...(appendOnly ? ['--appendonly', 'yes', '--appendfsync', appendOnly] : []),
      ...(cluster ? ['--cluster-enabled', 'yes', '--cluster-port', String(busPort)] : []),
      ...(cluster ? ['--cluster-announce-ip', '127.0.0.1', '--cluster-node-timeout', '2000'] : []),
      ...args,
    ];
  }

  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), options, await freePort());
    await server.run();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    if (this.child?.pid === undefined) {
      throw new Error(`The redis-server on port ${this.port} is not running.`);
    }
    return this.child.pid;
  }

  /** Stops it in mid-air: it keeps its connections and answers nothing. */
  pause(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  /** SIGKILL: what was not synced is lost. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** After `kill`: with the same port, folder and options. */
  async restart(): Promise<void> {
    await this.run();
  }

  /** For good: the data goes, too. */
  async stop(): Promise<void> {
    if (this.child) {
      await this.end('SIGKILL');
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async run(): Promise<void> {
    const child = spawn(redisServerBinary(), this.args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    const killWithUs = () => child.kill('SIGKILL');
    process.once('exit', killWithUs);
    child.once('exit', () => process.off('exit', killWithUs));
    let log = '';
    await new Promise<void>((resolve, reject) => {
      child.stdout.on('data', (text: Buffer) => {
        log += text.toString();
        if (log.includes('Ready to accept connections')) {
          log = '';
          resolve();
        }
      });
      child.stderr.on('data', (text: Buffer) => (log += text.toString()));
      child.once('error', reject);
      child.once('exit', () => {
        reject(new Error(`redis-server ended before it was ready:\n${log}`));
      });
    });
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (child?.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill(signal);
      await exited;
    }
  }
}

/** The server at `REDIS_URL`, or one of our own: for tests that do no harm to it. */
export async function anyRedis(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const { REDIS_URL: url } = process.env;
  return url ? { url, stop: () => Promise.resolve() } : RedisServer.start();
}

let binary: string | undefined;

/** Installs it where it can. */
export function redisServerBinary(): string {
  binary ??= onPath('redis-server') ?? onPath('valkey-server') ?? installed();
  return binary;
}

function installed(): string {
  const install = ['apt-get', 'install', '-y', '--no-install-recommends', 'redis-server'];
  const command = `apt-get update && ${install.join(' ')}`;
  if (process.getuid?.() === 0 && onPath('apt-get')) {
    console.error(`redis-server is not installed: ${command}`);
    const [apt, ...args] = ['apt-get', '-o', 'DPkg::Lock::Timeout=300'];
    // RUNLEVEL=1 keeps the package from starting a server of its own.
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
    for (const step of [['update'], install.slice(1)]) {
      spawnSync(apt, [...args, ...step], { stdio: ['ignore', 'ignore', 'inherit'], env });
    }
  }
  const found = onPath('redis-server');
  if (!found) {
    throw new Error(
      `These tests need redis-server, which is not on the PATH. Install it: sudo sh -c '${command}' (macOS: brew install redis).`,
    );
  }
  return found;
}

function onPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
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
