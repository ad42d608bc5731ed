import { Injectable } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type FailedEvent,
  OnScalekitEvent,
  type ScalekitEnvelope,
  ScalekitWebhookService,
  UnrecoverableEventError,
} from '../../lib/index.js';
import { Gate } from '../support/gate.js';
import { eventually, type QueueBench, sharedMemory } from '../support/queue-bench.js';
import { describeFailedFilter } from './failed-filter.contract.js';
import { anEvent, type WebhookApp } from '../support/webhook-app.js';

/** What every dispatcher with a queue keeps of the events that it gave up on. */
export function describeDeadLetters(bench: QueueBench): void {
  const runs: string[] = [];
  let isBroken: boolean;

  @Injectable()
  class Handlers {
    @OnScalekitEvent('user.*')
    broken({ id }: ScalekitEnvelope): void {
      if (isBroken) throw new UnrecoverableEventError('out of order');
      runs.push(`broken ${id}`);
    }

    @OnScalekitEvent('user.created')
    sound({ id }: ScalekitEnvelope): void {
      runs.push(`sound ${id}`);
    }
  }

  let server: WebhookApp;
  let service: ScalekitWebhookService;

  async function fail(...ids: string[]): Promise<void> {
    for (const id of ids) {
      await server.deliver({ ...anEvent('user.created'), id });
      await eventually(async () => (await service.failed({ limit: 1_000 })).events.map(idOf)).toContain(id);
      await eventually(() => runs).toContain(`sound ${id}`);
    }
  }

  const idOf = ({ eventId }: FailedEvent) => eventId;

  let scope: string;
  let ledger: ReturnType<typeof sharedMemory>;

  beforeEach(async () => {
    runs.length = 0;
    isBroken = true;
    scope = bench.scope();
    ledger = sharedMemory();
    server = await bench.start({ providers: [Handlers], webhook: ledger }, { scope });
    service = server.app.get(ScalekitWebhookService);
  });
  afterEach(() => bench.closeAll());

  describe('failed()', () => {
    describeFailedFilter((setup) => bench.start({ ...setup, webhook: sharedMemory() }));

    it('lists dead letters oldest first, page by page', async () => {
      await fail('a', 'b', 'c', 'd', 'e');
      const first = await service.failed({ limit: 2 });
      expect(first.events.map(idOf)).toEqual(['a', 'b']);
      const second = await service.failed({ limit: 2, cursor: first.cursor });
      expect(second.events.map(idOf)).toEqual(['c', 'd']);
      const third = await service.failed({ limit: 2, cursor: second.cursor });
      expect(third.events.map(idOf)).toEqual(['e']);
      expect(third.cursor).toBeUndefined();
    });

    it.each(['garbage', '', '0', '1_2', "1_' OR true"])(
      'takes no cursor that it did not give: %j',
      async (cursor) => {
        await expect(service.failed({ cursor })).rejects.toThrow(RangeError);
      },
    );

    it('misses and repeats nothing while others come and go, the last one of the page included', async () => {
      await fail('a', 'b', 'c', 'd', 'e');
      const { cursor } = await service.failed({ limit: 2 });
      await service.discard('a');
      await service.discard('b');
      await service.discard('d');
      await fail('f');
      const rest = await service.failed({ limit: 10, cursor });
      expect(rest.events.map(idOf)).toEqual(['c', 'e', 'f']);
    });
  });

  describe('replay()', () => {
    it('runs only the handlers that have not finished', async () => {
      await fail('a', 'b');
      runs.length = 0;
      isBroken = false;
      expect(await service.replay('a')).toBe(1);
      await eventually(() => runs).toEqual(['broken a']);
      expect((await service.failed()).events.map(idOf)).toEqual(['b']);
      expect(await service.replay('a')).toBe(0);
    });

    it('gives the handler all its attempts again', async () => {
      await fail('a');
      expect(await service.replay('a')).toBe(1);
      await eventually(async () => (await service.failed()).events).toMatchObject([
        { eventId: 'a', attempts: 1 },
      ]);
    });

    it('runs all handlers again with { all: true }', async () => {
      await fail('a', 'b');
      runs.length = 0;
      isBroken = false;
      expect(await service.replay('a', { all: true })).toBe(2);
      await eventually(() => [...runs].sort()).toEqual(['broken a', 'sound a']);
      expect((await service.failed()).events.map(idOf)).toEqual(['b']);
    });

    it('works from a receiver, which knows no handlers', async () => {
      const scope = bench.scope();
      const ledger = sharedMemory();
      const receiver = await bench.start({ webhook: { role: 'receive', ...ledger } }, { scope });
      await bench.start({ webhook: { role: 'work', ...ledger }, providers: [Handlers] }, { scope });
      const failures = receiver.app.get(ScalekitWebhookService);
      const event = anEvent();
      expect(await receiver.deliver(event)).toMatchObject({ status: 200, body: 'OK' });
      await eventually(async () => (await failures.failed()).events).toMatchObject([
        { eventId: event.id, handler: 'Handlers.broken', reason: 'out of order' },
      ]);
      isBroken = false;
      runs.length = 0;
      expect(await failures.replay(event.id, { all: true })).toBe(1);
      await eventually(() => [...runs].sort()).toEqual([`broken ${event.id}`, `sound ${event.id}`]);
      expect((await failures.failed()).events).toEqual([]);
    });

    it('does nothing for an event of which nothing is kept', async () => {
      expect(await service.replay('nobody')).toBe(0);
      expect(await service.replay('nobody', { all: true })).toBe(0);
    });
  });

  describe('calls at the same time', () => {
    const sorted = (values: readonly number[]) => [...values].sort((a, b) => b - a);

    it.each([
      ['replay() twice', [{}, {}], [1, 0]],
      ['replay({ all: true }) five times', Array.from({ length: 5 }, () => ({ all: true })), [2, 0, 0, 0, 0]],
    ])('of %s give one run', async (_, calls, counts) => {
      await fail('a');
      runs.length = 0;
      isBroken = false;
      const answers = await Promise.all(calls.map((options) => service.replay('a', options)));
      expect(sorted(answers)).toEqual(counts);
      await eventually(() => runs.length).toBe(counts[0]);
      await bench.settled(scope);
      expect(runs).toHaveLength(counts[0] ?? 0);
      expect((await service.failed()).events).toEqual([]);
    });

    it('of replay() and replay({ all: true }) give one run to the handler that failed, and at most one to the other', async () => {
      await fail('a');
      runs.length = 0;
      isBroken = false;
      await Promise.all([service.replay('a', { all: true }), service.replay('a'), service.replay('a')]);
      await eventually(() => runs).toContain('broken a');
      await bench.settled(scope);
      expect(runs.filter((run) => run === 'broken a')).toHaveLength(1);
      expect(runs.filter((run) => run === 'sound a').length).toBeLessThanOrEqual(1);
    });

    it('from two processes give one run', async () => {
      const other = await bench.start({ providers: [Handlers], webhook: ledger }, { scope });
      const services = [service, other.app.get(ScalekitWebhookService)];
      await fail('a');
      runs.length = 0;
      isBroken = false;
      await Promise.all([...services, ...services].map((each) => each.replay('a', { all: true })));
      await eventually(() => [...runs].sort()).toEqual(['broken a', 'sound a']);
      await bench.settled(scope);
      expect([...runs].sort()).toEqual(['broken a', 'sound a']);
    });

    it('of replay({ all: true }) and discard() do one or the other', async () => {
      await fail('a');
      runs.length = 0;
      isBroken = false;
      const [replayed, discarded] = await Promise.all([
        service.replay('a', { all: true }),
        service.discard('a'),
      ]);
      expect([
        [2, 0],
        [0, 1],
      ]).toContainEqual([replayed, discarded]);
      await eventually(() => runs.length).toBe(replayed);
      await bench.settled(scope);
      expect(runs).toHaveLength(replayed);
    });
  });

  describe('replay({ all: true }) while another handler of the event still runs', () => {
    it('does not start that one a second time', async () => {
      const gate = new Gate();
      const started: string[] = [];
      let fails = true;
      @Injectable()
      class Siblings {
        @OnScalekitEvent('*')
        broken(): void {
          started.push('broken');
          if (fails) throw new UnrecoverableEventError('not now');
        }

        @OnScalekitEvent('*')
        async slow(): Promise<void> {
          started.push('slow');
          await gate.pass();
        }
      }
      const own = bench.scope();
      const app = await bench.start({ providers: [Siblings] }, { scope: own });
      const letters = app.app.get(ScalekitWebhookService);
      const event = anEvent();
      await app.deliver(event);
      await gate.reached;
      await eventually(async () => (await letters.failed()).events.length).toBe(1);
      expect(await letters.replay(event.id, { all: true })).toBe(1);
      await eventually(async () => (await letters.failed()).events.length).toBe(1);
      fails = false;
      expect(await letters.replay(event.id, { all: true })).toBe(1);
      gate.release();
      await bench.settled(own);
      expect([...started].sort()).toEqual(['broken', 'broken', 'broken', 'slow']);
    });
  });

  describe('discard()', () => {
    it('forgets the dead letters of one event', async () => {
      await fail('a', 'b');
      expect(await service.discard('a')).toBe(1);
      expect((await service.failed()).events.map(idOf)).toEqual(['b']);
      expect(await service.discard('a')).toBe(0);
    });
  });
}
