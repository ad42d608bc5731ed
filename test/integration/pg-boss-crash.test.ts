import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { signWebhook } from '../../lib/index.js';
import { HASTY, PgBossBench } from '../support/pg-boss-app.js';
import { eventually } from '../support/queue-bench.js';
import { anEvent, SECRET } from '../support/webhook-app.js';

type Point =
  'after claim' | 'after enqueue' | 'after accept' | 'before effect' | 'after effect' | 'after record';

/** Processes that start PostgreSQL within them take long on a busy machine. */
vi.setConfig({ testTimeout: 120_000 });

const PROCESS = fileURLToPath(new URL('../support/pg-boss-process.mjs', import.meta.url));
const bench = PgBossBench.forThisFile();
const children: ChildProcess[] = [];
let folder: string;
let log: string;
let scope: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pg-boss-crash-'));
  log = join(folder, 'log');
  writeFileSync(log, '');
  scope = bench.scope();
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }
  rmSync(folder, { recursive: true });
});

async function startProcess(role: 'receive' | 'work' | 'both', dieAt?: Point, inProcess = false) {
  const setup = {
    ...{ url: bench.url, queueName: scope, log, secret: SECRET, role, dieAt, settings: HASTY },
    table: scope.replace('-', '_'),
    folder: inProcess ? join(folder, 'data') : undefined,
  };
  const child = fork(PROCESS, [JSON.stringify(setup)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  children.push(child);
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  const died = once(child, 'exit').then(([, signal]) => signal as string | null);
  return { url: `http://127.0.0.1:${port}/webhooks/scalekit`, died };
}

/** Undefined when the process dies. */
async function post(event: object, url: string): Promise<Response | undefined> {
  const body = JSON.stringify(event);
  const headers = { 'content-type': 'application/json', ...signWebhook({ body, secret: SECRET }) };
  return fetch(url, { method: 'POST', body, headers }).catch(() => undefined);
}

/** The sender, who tries again until he is answered 200. */
async function send(event: object, ...urls: string[]): Promise<string[]> {
  const answers: string[] = [];
  for (let tries = 0; ; tries++) {
    const response = await post(event, urls[Math.min(tries, urls.length - 1)] ?? '');
    answers.push(response ? `${response.status}` : 'no answer');
    if (response?.status === 200) {
      return [...answers, await response.text()];
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

const effects = () => readFileSync(log, 'utf8').trimEnd().split('\n');

describe('a receiver that is killed', () => {
  it.each<[Point, string]>([
    ['after claim', 'OK'],
    ['after enqueue', 'OK'],
    ['after accept', 'Already accepted'],
  ])('%s loses nothing and has nothing run twice: the sender comes again', async (point, lastAnswer) => {
    const dying = await startProcess('receive', point);
    const [healthy] = await Promise.all([startProcess('receive'), startProcess('work')]);
    const event = anEvent();
    const answers = await send(event, dying.url, healthy.url);
    expect(answers[0]).toBe('no answer');
    expect(answers.at(-1)).toBe(lastAnswer);
    expect(await dying.died).toBe('SIGKILL');
    await eventually(effects).toEqual([`effect ${event.id}`]);
    await bench.whenNothingIsLeft(scope);
    expect(effects()).toEqual([`effect ${event.id}`]);
  });
});

describe('a worker that is killed', () => {
  it('between the effect and its record has the handler run again elsewhere', async () => {
    const receiver = await startProcess('receive');
    const dying = await startProcess('work', 'after effect');
    const event = anEvent();
    expect(await send(event, receiver.url)).toEqual(['200', 'OK']);
    expect(await dying.died).toBe('SIGKILL');
    await startProcess('work');
    await eventually(effects).toEqual([`effect ${event.id}`, `effect ${event.id}`]);
    await bench.whenNothingIsLeft(scope);
  });

  it('between the record and the end of the job does not have it run again', async () => {
    const receiver = await startProcess('receive');
    const dying = await startProcess('work', 'after record');
    const event = anEvent();
    expect(await send(event, receiver.url)).toEqual(['200', 'OK']);
    expect(await dying.died).toBe('SIGKILL');
    await startProcess('work');
    await bench.whenNothingIsLeft(scope);
    expect(effects()).toEqual([`effect ${event.id}`]);
  });
});

describe('a receiver and a worker in processes of their own', () => {
  it('handle each event once, however often it is delivered', async () => {
    const [receiver, other] = await Promise.all([startProcess('receive'), startProcess('receive')]);
    await Promise.all([startProcess('work'), startProcess('work')]);
    const events = Array.from({ length: 20 }, () => anEvent());
    await Promise.all(
      events.flatMap((event) => [receiver, other, receiver].map(({ url }) => send(event, url))),
    );
    const expected = events.map(({ id }) => `effect ${id}`).sort();
    await eventually(() => effects().sort()).toEqual(expected);
    await bench.whenNothingIsLeft(scope);
    expect(effects().sort()).toEqual(expected);
  });
});

describe('a queue in PGlite, without a server', () => {
  it.each<Point>(['after accept', 'before effect', 'after record'])(
    'still has its jobs when the process is killed %s and starts again',
    async (point) => {
      const dying = await startProcess('both', point, true);
      const event = anEvent();
      await post(event, dying.url);
      expect(await dying.died).toBe('SIGKILL');
      const next = await startProcess('both', undefined, true);
      await eventually(effects).toEqual([`effect ${event.id}`]);
      expect(await send(event, next.url)).toEqual(['200', 'Already accepted']);
      expect(effects()).toEqual([`effect ${event.id}`]);
    },
  );
});
