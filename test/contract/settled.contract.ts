import { Injectable } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OnScalekitEvent, ScalekitWebhookService } from '../../lib/index.js';
import { scalekitEvent, ScalekitWebhookTester } from '../../lib/testing/index.js';
import { Gate } from '../support/gate.js';
import type { QueueBench } from '../support/queue-bench.js';
import { SECRET } from '../support/webhook-app.js';

/** What `settled()` of the testing kit does with a queue. */
export function describeSettled(bench: QueueBench): void {
  let finished: string[];
  let failures: number;
  let gate: Gate | undefined;

  @Injectable()
  class Sync {
    @OnScalekitEvent('user.*')
    async save(event: { readonly id: string }): Promise<void> {
      await gate?.pass();
      if (failures-- > 0) throw new Error('down');
      finished.push(event.id);
    }
  }

  beforeEach(() => {
    finished = [];
    failures = 0;
    gate = undefined;
  });
  afterEach(() => bench.closeAll());

  async function start(): Promise<{ tester: ScalekitWebhookTester; service: ScalekitWebhookService }> {
    const { app } = await bench.start({ providers: [Sync] });
    return {
      tester: new ScalekitWebhookTester(app, { secret: SECRET }),
      service: app.get(ScalekitWebhookService),
    };
  }

  describe('settled()', () => {
    it('resolves when the handlers of all delivered events have finished, with their calls', async () => {
      const { tester } = await start();
      const events = [
        scalekitEvent('user.created'),
        scalekitEvent('user.updated'),
        scalekitEvent('role.created'),
      ];
      for (const event of events) {
        await tester.deliver(event);
      }
      expect(await tester.settled({ timeoutMs: 20_000 })).toEqual({ 'Sync.save': 2 });
      expect(finished.sort()).toEqual(
        events
          .slice(0, 2)
          .map(({ id }) => id)
          .sort(),
      );
    });

    it('waits for the retries of a handler that fails', async () => {
      failures = 2;
      const { tester } = await start();
      await tester.deliver(scalekitEvent('user.created'));
      expect(await tester.settled({ timeoutMs: 20_000 })).toEqual({ 'Sync.save': 3 });
      expect(finished).toHaveLength(1);
    });

    it('resolves when an event is a dead letter', async () => {
      failures = 1_000;
      const { tester, service } = await start();
      const event = scalekitEvent('user.created');
      await tester.deliver(event);
      await tester.settled({ timeoutMs: 20_000 });
      const { events } = await service.failed();
      expect(events.map(({ eventId }) => eventId)).toEqual([event.id]);
    });

    it('rejects with the events that are left when the time is over', async () => {
      gate = new Gate();
      const { tester } = await start();
      const event = scalekitEvent('user.created');
      await tester.deliver(event);
      await expect(tester.settled({ timeoutMs: 100 })).rejects.toThrow(
        new RegExp(`After 100 ms the queue still has jobs of ${event.id}`),
      );
      gate.release();
      expect(await tester.settled({ timeoutMs: 20_000 })).toEqual({ 'Sync.save': 1 });
    });
  });
}
