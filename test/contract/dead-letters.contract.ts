import { Injectable } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type FailedEvent,
  MemoryIdempotencyStore,
  OnScalekitEvent,
  type ScalekitEnvelope,
  ScalekitWebhookService,
  UnrecoverableEventError,
} from '../../lib/index.js';
import { eventually, type QueueBench } from '../support/queue-bench.js';
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

  beforeEach(async () => {
    runs.length = 0;
    isBroken = true;
    server = await bench.start({ providers: [Handlers] });
    service = server.app.get(ScalekitWebhookService);
  });
  afterEach(() => bench.closeAll());

  describe('failed()', () => {
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
      const idempotency = { store: new MemoryIdempotencyStore() };
      const receiver = await bench.start({ webhook: { role: 'receive', idempotency } }, { scope });
      await bench.start({ webhook: { role: 'work', idempotency }, providers: [Handlers] }, { scope });
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

  describe('discard()', () => {
    it('forgets the dead letters of one event', async () => {
      await fail('a', 'b');
      expect(await service.discard('a')).toBe(1);
      expect((await service.failed()).events.map(idOf)).toEqual(['b']);
      expect(await service.discard('a')).toBe(0);
    });
  });
}
