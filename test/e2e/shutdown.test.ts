import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { OnScalekitEvent, type ScalekitEventContext } from '../../lib/index.js';
import { Gate } from '../support/gate.js';
import { RecordingStore } from '../support/recording-store.js';
import { anEvent, PLATFORMS, WebhookApp } from '../support/webhook-app.js';

@Injectable()
class Slow {
  readonly gate = new Gate();
  context: ScalekitEventContext | undefined;

  @OnScalekitEvent('*')
  async run(_event: object, context: ScalekitEventContext): Promise<void> {
    this.context = context;
    await this.gate.pass();
  }
}

/** Tells when the shutdown has begun: its hook runs beside the module's own. */
@Injectable()
class ShutdownStarted implements OnModuleDestroy {
  readonly gate = new Gate();
  onModuleDestroy(): void {
    void this.gate.pass();
  }
}

describe.each(PLATFORMS)('app.close() on $platform', ({ adapter }) => {
  const start = async (shutdownTimeoutMs: number) => {
    const store = new RecordingStore();
    const webhook = { shutdownTimeoutMs, idempotency: { store } };
    const server = await WebhookApp.start({
      adapter: adapter(),
      webhook,
      providers: [Slow, ShutdownStarted],
    });
    return {
      server,
      store,
      slow: server.app.get(Slow),
      started: server.app.get(ShutdownStarted).gate.reached,
    };
  };

  it('waits for running handlers, and turns new deliveries away with 503', async () => {
    const { server, store, slow, started } = await start(10_000);
    const delivery = server.deliver(anEvent());
    await slow.gate.reached;
    const closed = server.close();
    await started;
    const late = await server.deliver(anEvent());
    expect(late.status).toBe(503);
    expect(late.headers.get('retry-after')).toBe('5');
    expect(store.calls.begin).toHaveLength(1);
    slow.gate.release();
    expect(await delivery).toMatchObject({ status: 200, body: 'OK' });
    await closed;
    expect(slow.context?.signal.aborted).toBe(false);
    expect(store.calls.release).toHaveLength(0);
  });

  it('aborts the signal of handlers that outlast shutdownTimeoutMs and releases their events', async () => {
    const { server, store, slow } = await start(20);
    const event = anEvent();
    const delivery = server.deliver(event);
    await slow.gate.reached;
    await server.close();
    expect(slow.context?.signal.reason).toMatchObject({ code: 'shutting_down' });
    expect(store.calls.release.length).toBeGreaterThan(0);
    const claim = await store.begin(`default:${event.id}`, { leaseMs: 1_000, ttlMs: 1_000, fingerprint: 0 });
    expect(claim).toMatchObject({ status: 'acquired', attempt: 2 });
    const answer = await delivery;
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('5');
  });

  it('has nothing to wait for when no handler runs', async () => {
    const { server, store } = await start(2_147_483_647);
    await server.close();
    expect(store.callCount).toBe(0);
  });
});
