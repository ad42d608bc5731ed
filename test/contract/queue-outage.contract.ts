import { Injectable } from '@nestjs/common';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { OnScalekitEvent, type ScalekitEnvelope } from '../../lib/index.js';
import { Gate } from '../support/gate.js';
import { eventually, type QueueBench, sharedMemory } from '../support/queue-bench.js';
import { Recorder } from '../support/recorder.js';
import { anEvent, WebhookApp } from '../support/webhook-app.js';

/** What every dispatcher with a queue does while its server hangs or is away. The ledger is elsewhere. */
export function describeQueueOutages(bench: QueueBench): void {
  vi.setConfig({ testTimeout: 90_000 }); // A PostgreSQL that was killed takes long to start again on a busy machine.
  afterEach(() => bench.closeAll());

  describe('a server that hangs', () => {
    let isPaused = false;
    const pause = () => {
      bench.server.pause();
      isPaused = true;
    };
    const resume = () => {
      if (isPaused) bench.server.resume();
      isPaused = false;
    };
    // Before the applications are closed.
    afterEach(resume);

    it('has deliveries answered 503 in time; what arrives late is harmless', async () => {
      const server = await bench.start(
        { providers: [Recorder], webhook: sharedMemory() },
        { timeoutMs: 1_500 },
      );
      const { ids } = recorded(server);
      const before = anEvent();
      await server.deliver(before);
      await eventually(ids).toEqual([before.id]);
      pause();
      const event = anEvent();
      const answer = await server.deliver(event);
      expect(answer.status).toBe(503);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(server.logs.matching(/queue_unavailable: The queue "[\w-]+" failed/)).not.toEqual([]);
      resume();
      // The first try was on its way already; the second finds its job, or the handler done.
      await eventually(async () => (await server.deliver(event)).status).toBe(200);
      await eventually(ids).toEqual([before.id, event.id]);
      const after = anEvent();
      expect(await server.deliver(after)).toMatchObject({ status: 200, body: 'OK' });
      await eventually(ids).toEqual([before.id, event.id, after.id]);
    });

    it('does not keep the application from closing, and has no connections of it when it goes on', async () => {
      const server = await bench.start(
        { providers: [Recorder], webhook: sharedMemory() },
        { timeoutMs: 1_500 },
      );
      await server.deliver(anEvent());
      await eventually(() => recorded(server).ids().length).toBe(1);
      pause();
      await server.close();
      await expect(server.deliver(anEvent())).rejects.toThrow();
      resume();
      await eventually(() => bench.connections()).toBe(0);
    });
  });

  describe('a server that is away', () => {
    it('has deliveries answered 503 until it is back, and loses nothing that it had stored', async () => {
      const own = await bench.ownServer();
      const gate = new Gate();
      const seen: string[] = [];
      @Injectable()
      class Slow {
        @OnScalekitEvent('*')
        async handle({ id }: ScalekitEnvelope) {
          await gate.pass();
          seen.push(id);
        }
      }
      const dispatcher = own.dispatcher({ timeoutMs: 1_500 });
      const server = await WebhookApp.start({
        providers: [Slow],
        webhook: { dispatcher, ...sharedMemory() },
      });
      bench.closeLater(server);
      const first = anEvent();
      await eventually(async () => (await server.deliver(first)).status).toBe(200);
      await gate.reached;
      await own.server.kill();
      const second = anEvent();
      expect(await server.deliver(second)).toMatchObject({ status: 503 });
      gate.release();
      await own.server.restart();
      await eventually(async () => (await server.deliver(second)).status).toBe(200);
      await eventually(() => [...seen].sort()).toEqual([first.id, second.id].sort());
    });

    it('keeps an application neither from starting nor from closing, and never sees it again', async () => {
      const own = await bench.ownServer();
      await own.server.kill();
      const dispatcher = own.dispatcher({ timeoutMs: 200 });
      const server = await WebhookApp.start({
        providers: [Recorder],
        webhook: { dispatcher, ...sharedMemory() },
      });
      bench.closeLater(server);
      const event = anEvent();
      expect(await server.deliver(event)).toMatchObject({ status: 503 });
      expect(server.logs.matching(/queue_error: .*ECONNREFUSED/).length).toBeGreaterThan(0);
      await own.server.restart();
      await eventually(async () => (await server.deliver(event)).status).toBe(200);
      await eventually(recorded(server).ids).toEqual([event.id]);
      await own.server.kill();
      await server.close();
      await expect(server.deliver(event)).rejects.toThrow();
      await own.server.restart();
      await eventually(() => own.connections()).toBe(0);
    });
  });

  describe('two copies of a job', () => {
    it('side by side run their handler once', async () => {
      const scope = bench.scope();
      const gate = new Gate();
      let runs = 0;
      @Injectable()
      class Slow {
        @OnScalekitEvent('*')
        async handle() {
          runs++;
          await gate.pass();
        }
      }
      const setup = {
        providers: [Slow],
        webhook: { idempotency: { ...sharedMemory().idempotency, leaseMs: 3_000 } },
      };
      const server = await bench.start(setup, { scope });
      await bench.start(setup, { scope });
      await server.deliver(anEvent());
      await gate.reached;
      await bench.copyJob(scope, 5);
      await eventually(async () => (await bench.delayed(scope)).length).toBe(5);
      gate.release();
      await bench.settled(scope);
      expect(runs).toBe(1);
    });
  });

  describe('two receivers that queue the same event', () => {
    it('make one job of it', async () => {
      const scope = bench.scope();
      const receiver = () => bench.start({ webhook: { role: 'receive', ...sharedMemory() } }, { scope });
      const [server, other] = await Promise.all([receiver(), receiver()]);
      const event = anEvent();
      expect(await server.deliver(event)).toMatchObject({ status: 200, body: 'OK' });
      expect(await other.deliver(event)).toMatchObject({ status: 200, body: 'OK' });
      expect(await bench.live(scope)).toBe(1);
    });
  });
}

function recorded({ app }: WebhookApp): { ids: () => string[] } {
  return { ids: () => app.get(Recorder).ids };
}
