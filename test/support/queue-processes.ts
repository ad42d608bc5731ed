import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach } from 'vitest';
import { signWebhook } from '../../lib/index.js';
import { SECRET } from './webhook-app.js';

export type Role = 'receive' | 'work' | 'both';
export type KillPoint =
  'after claim' | 'after enqueue' | 'after accept' | 'before effect' | 'after effect' | 'after record';

const PROCESS = fileURLToPath(new URL('queue-process.mjs', import.meta.url));

/** Processes of one application, which end with their test. */
export class Processes {
  /** A folder for the test. */
  folder = '';
  private readonly children: ChildProcess[] = [];

  constructor(private readonly settings: (scope: string) => object) {
    beforeEach(() => {
      this.folder = mkdtempSync(join(tmpdir(), 'queue-crash-'));
      writeFileSync(this.log, '');
    });
    afterEach(async () => {
      for (const child of this.children.splice(0)) {
        if (child.exitCode === null && child.signalCode === null) {
          child.kill('SIGKILL');
          await once(child, 'exit');
        }
      }
      rmSync(this.folder, { recursive: true });
    });
  }

  /** What the handlers did, a line each. */
  readonly effects = () => readFileSync(this.log, 'utf8').trimEnd().split('\n');

  async start(scope: string, role: Role, dieAt?: KillPoint, more?: object) {
    const setup = { ...this.settings(scope), log: this.log, secret: SECRET, role, dieAt, ...more };
    const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const;
    const child = fork(PROCESS, [JSON.stringify(setup)], { stdio: [...stdio] });
    this.children.push(child);
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    const died = once(child, 'exit').then(([, signal]) => signal as string | null);
    return {
      pid: child.pid,
      url: `http://127.0.0.1:${port}/webhooks/scalekit`,
      died,
      kill: () => child.kill('SIGKILL'),
    };
  }

  private get log(): string {
    return join(this.folder, 'log');
  }
}

/** Undefined when the process dies. */
export async function post(event: object, url: string): Promise<Response | undefined> {
  const body = JSON.stringify(event);
  const headers = { 'content-type': 'application/json', ...signWebhook({ body, secret: SECRET }) };
  return fetch(url, { method: 'POST', body, headers }).catch(() => undefined);
}
