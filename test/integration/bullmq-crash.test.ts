import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { signWebhook } from '../../lib/index.js';
import { BullMqBench, HASTY } from '../support/bullmq-app.js';
import { eventually } from '../support/queue-bench.js';
import { anEvent, SECRET } from '../support/webhook-app.js';

type Point = 'after claim' | 'after enqueue' | 'after accept' | 'after effect' | 'after record';

const PROCESS = fileURLToPath(new URL('../support/bullmq-process.mjs', import.meta.url));
const bench = BullMqBench.forThisFile();
const children: ChildProcess[] = [];
let folder: string;
let log: string;
let prefix: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bullmq-crash-'));
  log = join(folder, 'log');
  writeFileSync(log, '');
  prefix = bench.scope();
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }
  await bench.closeAll();
  rmSync(folder, { recursive: true });
});

async function startProcess(role: 'receive' | 'work' | 'both', dieAt?: Point) {
  const setup = {
    ...{ redisPort: bench.server.port, prefix, log, secret: SECRET, role, dieAt },
    settings: HASTY,
  };
  const child = fork(PROCESS, [JSON.stringify(setup)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  children.push(child);
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  const died = once(child, 'exit').then(([, signal]) => signal as string | null);
  return { url: `http://127.0.0.1:${port}/webhooks/scalekit`, died };
}

/** The sender, who tries again until he is answered 200. */
async function send(event: object, ...urls: string[]): Promise<string[]> {
  const body = JSON.stringify(event);
  const answers: string[] = [];
  for (let tries = 0; ; tries++) {
    const url = urls[Math.min(tries, urls.length - 1)] ?? '';
    try {
      const response = await fetch(url, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json', ...signWebhook({ body, secret: SECRET }) },
      });
      answers.push(`${response.status}`);
      if (response.status === 200) return [...answers, await response.text()];
    } catch {
      answers.push('no answer');
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

const effects = () => readFileSync(log, 'utf8').trimEnd().split('\n');

async function expectNothingLeft(): Promise<void> {
  const queue = bench.queue(prefix);
  await eventually(async () => Object.values(await queue.getJobCounts()).every((count) => count === 0)).toBe(
    true,
  );
}

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
    await expectNothingLeft();
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
    await expectNothingLeft();
  });

  it('between the record and the end of the job does not have it run again', async () => {
    const receiver = await startProcess('receive');
    const dying = await startProcess('work', 'after record');
    const event = anEvent();
    expect(await send(event, receiver.url)).toEqual(['200', 'OK']);
    expect(await dying.died).toBe('SIGKILL');
    await startProcess('work');
    await expectNothingLeft();
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
    await expectNothingLeft();
    expect(effects().sort()).toEqual(expected);
  });
});
