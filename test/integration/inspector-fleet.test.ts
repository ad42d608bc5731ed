import { afterEach, describe, expect, it, vi } from 'vitest';
import type { InspectorState } from '../../lib/inspector/inspector.api.js';
import { BullMqBench, HASTY as HASTY_BULLMQ } from '../support/bullmq-app.js';
import { HASTY as HASTY_PG_BOSS, PgBossBench } from '../support/pg-boss-app.js';
import { detailOf, getJson, InspectorReader } from '../support/inspector-app.js';
import { eventually, type QueueBench } from '../support/queue-bench.js';
import { post, Processes } from '../support/queue-processes.js';
import { anEvent } from '../support/webhook-app.js';

vi.setConfig({ testTimeout: 120_000 }); // Several processes start at once, on a busy machine, too.

const bullMq = BullMqBench.forThisFile();
const pgBoss = PgBossBench.forThisFile();

const inspectorOf = (url: string) => new URL('/webhooks/inspector', url).href;
const pidOf = (process: string) => Number(process.split(':').at(-1));

function describeFleet(name: string, bench: QueueBench, settings: (scope: string) => object): void {
  describe(`three receivers and a worker on ${name}`, () => {
    const processes = new Processes((scope) => ({ ...settings(scope), hasInspector: true }));
    const pages: InspectorReader[] = [];
    const openPage = async (url: string) => {
      const page = await InspectorReader.open(`${inspectorOf(url)}/api/entries`);
      pages.push(page);
      return page;
    };
    const seenOn = ({ deliveries }: InspectorReader) =>
      deliveries.map(({ eventId, process, outcome }) => `${eventId} ${pidOf(process)} ${outcome}`).sort();

    afterEach(async () => {
      pages.splice(0).forEach((page) => {
        page.close();
      });
      await bench.closeAll();
    });

    it('are seen on the page of each of them, and stay when one is killed', async () => {
      const scope = bench.scope();
      const [first, second, third, worker] = await Promise.all([
        processes.start(scope, 'receive'),
        processes.start(scope, 'receive'),
        processes.start(scope, 'receive'),
        processes.start(scope, 'work'),
      ]);
      const page = await openPage(first.url);
      const sent = [first, second, third].flatMap(({ url, pid }) =>
        [1, 2, 3].map(() => ({ url, pid, event: anEvent() })),
      );
      const answers = await Promise.all(sent.map(({ url, event }) => post(event, url)));
      expect(answers.map((answer) => answer?.status)).toEqual(sent.map(() => 200));
      const expected = sent.map(({ pid, event }) => `${event.id} ${pid} queued`).sort();
      await eventually(() => seenOn(page)).toEqual(expected);
      await eventually(() => page.calls.map(({ stage }) => stage)).toEqual(sent.map(() => 'completed'));
      expect(new Set(page.calls.map(({ process }) => pidOf(process)))).toEqual(new Set([worker.pid]));
      await eventually(async () => {
        const state = await getJson<InspectorState>(`${inspectorOf(third.url)}/api/state`);
        return { isShared: state.isShared, processes: state.processes.map(pidOf).sort() };
      }).toEqual({ isShared: true, processes: [first, second, third, worker].map(({ pid }) => pid).sort() });

      second.kill();
      expect(await second.died).toBe('SIGKILL');
      const other = await openPage(third.url);
      await eventually(() => seenOn(other)).toEqual(expected);
      const ofSecond = other.deliveries.find(({ process }) => pidOf(process) === second.pid);
      const { delivery, calls } = await detailOf(inspectorOf(third.url), ofSecond?.key ?? '');
      expect(delivery).toEqual(ofSecond);
      expect(calls.map(({ call }) => call)).toMatchObject([
        { eventId: ofSecond?.eventId, handler: 'Handlers.handle', stage: 'completed' },
      ]);
    });
  });
}

describeFleet('Redis, with BullMQ', bullMq, (prefix) => ({
  engine: 'bullmq',
  redisPort: bullMq.server.port,
  prefix,
  settings: HASTY_BULLMQ,
}));
describeFleet('PostgreSQL, with pg-boss', pgBoss, (scope) => ({
  engine: 'pg-boss',
  url: pgBoss.url,
  queueName: scope,
  table: scope.replace('-', '_'),
  settings: HASTY_PG_BOSS,
}));
