import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePorts } from './free-ports.js';

const APP = fileURLToPath(new URL('app.mjs', import.meta.url));
const BOOT_TIMEOUT_MS = 60_000;

export type EngineName =
  'inline on Redis' | 'inline on PostgreSQL' | 'BullMQ on Redis' | 'pg-boss on PostgreSQL';

export type KillPoint =
  | 'after-list'
  | 'after-look'
  | 'after-claim'
  | 'after-effect'
  | 'after-record'
  | 'after-enqueue'
  | 'in-transaction'
  | 'after-commit'
  | 'before-save'
  | 'after-save'
  | 'before-answer';

/** What every process of a fleet is given; see `app.mjs`. */
export interface FleetSetup {
  readonly engine: EngineName;
  readonly secret: string;
  readonly log: string;
  readonly redisPort?: number;
  readonly databaseUrl?: string;
  readonly leaseMs: number;
  /** How many handler runs of a hundred fail, as a fraction. */
  readonly failRate?: number;
  /** The least and the most that a handler takes. */
  readonly handlerMs?: readonly [number, number];
  /** The probability of dying at that point. */
  readonly killAt?: Partial<Record<KillPoint, number>>;
  /** How often the fleet dies at each point at most; undefined: as often as it happens. */
  readonly deathsAtEach?: number;
  /** Where the fleet catches up, and from when on. */
  readonly catchUp?: {
    readonly url: string;
    readonly clientId: string;
    readonly clientSecret: string;
    readonly since: number;
  };
  /** Options of the queue's dispatcher. */
  readonly queue?: object;
}

/** One process, started again on the same port whenever it dies. */
export class Member {
  kills = 0;
  private child: ChildProcess | undefined;
  private ready: Promise<void> = Promise.resolve();
  private stopping = false;

  constructor(
    readonly port: number,
    private readonly setup: FleetSetup,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}/webhooks/scalekit`;
  }

  /** The most memory that the process has had so far, in MiB. */
  get peakMemory(): number {
    const status = readFileSync(`/proc/${this.child?.pid}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1_024;
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  start(): Promise<void> {
    const child = fork(APP, [JSON.stringify({ ...this.setup, port: this.port })], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.child = child;
    child.once('exit', (code, signal) => {
      if (signal === 'SIGKILL') {
        this.kills++;
      }
      if (!this.stopping) {
        if (signal !== 'SIGKILL') {
          process.stderr.write(`A process of the fleet ended by itself: ${String(signal ?? code)}.\n`);
        }
        void this.start();
      }
    });
    this.ready = Promise.race([
      once(child, 'message'),
      once(child, 'exit'),
      wait(BOOT_TIMEOUT_MS, undefined, { ref: false }),
    ]).then(() => undefined);
    return this.ready;
  }

  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.ready;
    const { child } = this;
    if (child?.exitCode !== null || child.signalCode !== null) {
      return;
    }
    const exited = once(child, 'exit');
    child.kill('SIGCONT');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
    await exited;
    clearTimeout(timer);
  }
}

/** Several processes of one application. */
export class Fleet {
  private constructor(readonly members: readonly Member[]) {}

  static async start(size: number, setup: FleetSetup): Promise<Fleet> {
    const ports = await freePorts(size);
    const fleet = new Fleet(ports.map((port) => new Member(port, setup)));
    await Promise.all(fleet.members.map((member) => member.start()));
    return fleet;
  }

  get kills(): number {
    return this.members.reduce((sum, { kills }) => sum + kills, 0);
  }

  anyone(): Member {
    const member = this.members[Math.floor(Math.random() * this.members.length)];
    if (!member) {
      throw new Error('The fleet has no members.');
    }
    return member;
  }

  async stop(): Promise<void> {
    await Promise.all(this.members.map((member) => member.stop()));
  }
}
