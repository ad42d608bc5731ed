import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { eventually, type QueueBench } from '../support/queue-bench.js';
import { type KillPoint, post, Processes, type Role } from '../support/queue-processes.js';
import { anEvent } from '../support/webhook-app.js';

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

/** What processes that die by SIGKILL may lose and repeat. `settings` is what `queue-process.mjs` needs of the engine. */
export function describeQueueCrashes(bench: QueueBench, settings: (scope: string) => object): void {
  vi.setConfig({ testTimeout: 120_000 }); // Several processes start at once, on a busy machine, too.
  const processes = new Processes(settings);
  const { effects } = processes;
  afterEach(() => bench.closeAll());

  describe('a receiver that is killed', () => {
    it.each<[KillPoint, string]>([
      ['after claim', 'OK'],
      ['after enqueue', 'OK'],
      ['after accept', 'Already accepted'],
    ])('%s loses nothing and has nothing run twice: the sender comes again', async (point, lastAnswer) => {
      const scope = bench.scope();
      const dying = await processes.start(scope, 'receive', point);
      const [healthy] = await Promise.all([
        processes.start(scope, 'receive'),
        processes.start(scope, 'work'),
      ]);
      const event = anEvent();
      const answers = await send(event, dying.url, healthy.url);
      expect(answers[0]).toBe('no answer');
      expect(answers.at(-1)).toBe(lastAnswer);
      expect(await dying.died).toBe('SIGKILL');
      await eventually(effects).toEqual([`effect ${event.id}`]);
      await bench.settled(scope);
      expect(effects()).toEqual([`effect ${event.id}`]);
    });
  });

  describe('a worker that is killed', () => {
    const killWorker = async (point: KillPoint) => {
      const scope = bench.scope();
      const receiver = await processes.start(scope, 'receive');
      const dying = await processes.start(scope, 'work', point);
      const event = anEvent();
      expect(await send(event, receiver.url)).toEqual(['200', 'OK']);
      expect(await dying.died).toBe('SIGKILL');
      await processes.start(scope, 'work');
      return { scope, effect: `effect ${event.id}` };
    };

    it('between the effect and its record has the handler run again elsewhere', async () => {
      const { scope, effect } = await killWorker('after effect');
      await eventually(effects).toEqual([effect, effect]);
      await bench.settled(scope);
    });

    it('between the record and the end of the job does not have it run again', async () => {
      const { scope, effect } = await killWorker('after record');
      await bench.settled(scope);
      expect(effects()).toEqual([effect]);
    });
  });

  describe('a receiver and a worker in processes of their own', () => {
    it('handle each event once, however often it is delivered', async () => {
      const scope = bench.scope();
      const start = (role: Role) => processes.start(scope, role);
      const [receiver, other] = await Promise.all([start('receive'), start('receive')]);
      await Promise.all([start('work'), start('work')]);
      const events = Array.from({ length: 20 }, () => anEvent());
      await Promise.all(
        events.flatMap((event) => [receiver, other, receiver].map(({ url }) => send(event, url))),
      );
      const expected = events.map(({ id }) => `effect ${id}`).sort();
      await eventually(() => effects().sort()).toEqual(expected);
      await bench.settled(scope);
      expect(effects().sort()).toEqual(expected);
    });
  });
}

/** A queue within the process, whose data is in a folder: it has no neighbours, but starts again. */
export function describeCrashesWithoutServer(settings: (folder: string) => object): void {
  const processes = new Processes(() => ({}));
  const { effects } = processes;

  describe('a queue without a server', () => {
    it.each<KillPoint>(['after accept', 'before effect', 'after record'])(
      'still has its jobs when the process is killed %s and starts again',
      async (point) => {
        const start = (dieAt?: KillPoint) =>
          processes.start('', 'both', dieAt, settings(join(processes.folder, 'data')));
        const dying = await start(point);
        const event = anEvent();
        await post(event, dying.url);
        expect(await dying.died).toBe('SIGKILL');
        const next = await start();
        await eventually(effects).toEqual([`effect ${event.id}`]);
        expect(await send(event, next.url)).toEqual(['200', 'Already accepted']);
        expect(effects()).toEqual([`effect ${event.id}`]);
      },
    );
  });
}
