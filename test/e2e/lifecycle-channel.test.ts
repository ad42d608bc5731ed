import { AsyncLocalStorage } from 'node:async_hooks';
import { tracingChannel } from 'node:diagnostics_channel';
import { Controller, HttpException, Injectable, Post, UseGuards, UseInterceptors } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  DELIVERY_CHANNEL,
  type DeliveryFacts,
  HANDLER_CHANNEL,
  type HandlerFacts,
  MemoryIdempotencyStore,
  OnScalekitEvent,
  RetryLaterError,
  ScalekitIdempotencyInterceptor,
  ScalekitSignatureGuard,
  ScalekitWebhookService,
  UnrecoverableEventError,
  signWebhook,
} from '../../lib/index.js';
import { Gate } from '../support/gate.js';
import { LifecycleMessages } from '../support/lifecycle-messages.js';
import { anEvent, PLATFORMS, SECRET, WebhookApp, type WebhookAppSetup } from '../support/webhook-app.js';

const SOON = { timeout: 20_000 };
const ANY_TEXT: unknown = expect.any(String);
const ANY_NUMBER: unknown = expect.any(Number);
const A_MESSAGE_ID: unknown = expect.stringMatching(/^msg_/);

describe.each(PLATFORMS)('the lifecycle channels on $platform', ({ adapter }) => {
  let server: WebhookApp;
  let messages: LifecycleMessages;
  let work: () => unknown = () => undefined;

  @Injectable()
  class UserSync {
    @OnScalekitEvent('user.created')
    upsert(): unknown {
      return work();
    }
  }

  beforeEach(() => {
    work = () => undefined;
    messages = new LifecycleMessages();
  });
  afterEach(async () => {
    messages.stop();
    await server.close();
  });

  const start = async (setup: WebhookAppSetup = {}) => {
    server = await WebhookApp.start({ adapter: adapter(), providers: [UserSync], ...setup });
  };

  it('tell each step of a delivery and of its handler, with ids and types', async () => {
    await start();
    const event = anEvent('user.created', { organization_id: 'org_1' });
    const sentAt = Date.now();
    await server.deliver(event);
    expect(messages.steps).toEqual([
      'received',
      'verified',
      'claimed',
      'UserSync.upsert start',
      'UserSync.upsert end',
      'answered',
    ]);
    const known = { endpoint: 'default', eventId: event.id, type: event.type, organizationId: 'org_1' };
    expect(messages.delivery('received')).toEqual([
      {
        application: ANY_TEXT,
        endpoint: 'default',
        source: 'webhook',
        receivedAt: ANY_NUMBER,
      },
    ]);
    expect(messages.delivery('answered')).toEqual([
      expect.objectContaining({
        ...known,
        deliveryId: A_MESSAGE_ID,
        scheme: 'standard',
        attempt: 1,
        outcome: 'handled',
        reason: 'handled',
        status: 200,
      }),
    ]);
    const [answered] = messages.delivery('answered');
    const [call] = messages.calls('end');
    expect(call).toEqual({
      ...known,
      application: answered?.application,
      deliveryId: answered?.deliveryId,
      handler: 'UserSync.upsert',
      attempt: 1,
      durationMs: ANY_NUMBER,
    });
    expect(answered?.durationMs).toBeGreaterThanOrEqual(call?.durationMs ?? Infinity);
    expect(Math.abs((answered?.receivedAt ?? 0) - sentAt)).toBeLessThan(20_000);
  });

  it('tell why a delivery is refused, and nothing that it says', async () => {
    await start({ webhook: { environmentId: 'env_1', maxBodyBytes: 1_000 } });
    await server.deliver(anEvent(), { secret: 'whsec_b3RoZXItc2VjcmV0LW9mLXRoaXJ0eS10d28tYnl0ZXM' });
    await server.deliver(anEvent());
    await server.post('x'.repeat(2_000), {});
    expect(messages.steps).toEqual(Array(3).fill(['received', 'refused', 'answered']).flat());
    expect(messages.delivery('refused')).toEqual(
      [
        ['signature_mismatch', 401],
        ['wrong_environment', 400],
        ['body_too_large', 413],
      ].map(([reason, status]) => ({
        application: ANY_TEXT,
        endpoint: 'default',
        source: 'webhook',
        receivedAt: ANY_NUMBER,
        durationMs: ANY_NUMBER,
        outcome: 'refused',
        reason,
        status,
      })),
    );
  });

  it('tell duplicates, and deliveries of an event that is in progress', async () => {
    await start();
    const event = anEvent();
    let finish = () => {};
    work = () => new Promise<void>((resolve) => (finish = resolve));
    const first = server.deliver(event);
    await vi.waitFor(() => {
      expect(messages.steps).toContain('UserSync.upsert start');
    }, SOON);
    await server.deliver(event);
    expect(messages.steps.slice(-4)).toEqual(['received', 'verified', 'in_progress', 'answered']);
    finish();
    await first;
    await server.deliver(event);
    expect(messages.steps.slice(-4)).toEqual(['received', 'verified', 'duplicate', 'answered']);
    expect(messages.delivery('duplicate')).toMatchObject([
      { outcome: 'duplicate', reason: 'done', status: 200, eventId: event.id },
    ]);
  });

  it.each<[string, () => Error, object, object, string[]]>([
    [
      'fails, with the class of its error and no word of it',
      () => Object.assign(new TypeError('jane@example.com'), { code: 'jane', name: 'jane@example.com' }),
      { name: 'TypeError' },
      { outcome: 'failed', reason: 'failed', status: 500 },
      ['failed'],
    ],
    [
      'fails for a server that is away',
      () => Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }),
      { name: 'Error', code: 'ECONNREFUSED' },
      { outcome: 'failed', reason: 'failed', status: 500 },
      ['failed'],
    ],
    [
      'wants to be called later',
      () => new RetryLaterError(5),
      { name: 'RetryLaterError', code: 'retry_later' },
      { outcome: 'failed', reason: 'retry_later', status: 503 },
      ['failed'],
    ],
    [
      'gives up',
      () => new UnrecoverableEventError('jane@example.com'),
      { name: 'UnrecoverableEventError', code: 'unrecoverable_event' },
      { outcome: 'handled', reason: 'handled', status: 200 },
      ['failed', 'given_up'],
    ],
  ])('tell a handler that %s', async (_, make, error, answered, stages) => {
    await start();
    work = () => {
      throw make();
    };
    await server.deliver(anEvent());
    expect(messages.steps.slice(4, -1)).toEqual(stages.map((stage) => `UserSync.upsert ${stage}`));
    expect(messages.calls('failed')).toMatchObject([{ error, attempt: 1 }]);
    expect(messages.calls('failed')[0]?.error).toEqual(error);
    expect(messages.delivery('answered')).toMatchObject([answered]);
    expect(JSON.stringify(messages.all)).not.toContain('jane');
  });

  it('tell an answer that could not wait for the handlers, and when they end', async () => {
    await start({ webhook: { answerWithinMs: 100 } });
    let finish = () => {};
    work = () => new Promise<void>((resolve) => (finish = resolve));
    await server.deliver(anEvent());
    expect(messages.delivery('answered')).toMatchObject([{ outcome: 'late', reason: 'late', status: 503 }]);
    expect(messages.steps.at(-1)).toBe('answered');
    finish();
    await vi.waitFor(() => {
      expect(messages.steps.at(-1)).toBe('UserSync.upsert end');
    }, SOON);
  });

  it('end with the answer, also where the store claims the event after it', async () => {
    const gate = new Gate();
    class SlowStore extends MemoryIdempotencyStore {
      override begin(...args: Parameters<MemoryIdempotencyStore['begin']>): never {
        return gate.pass().then(() => super.begin(...args)) as never;
      }
    }
    await start({ webhook: { answerWithinMs: 100, idempotency: { store: new SlowStore() } } });
    await server.deliver(anEvent());
    expect(messages.delivery('answered')).toMatchObject([{ outcome: 'late', status: 503 }]);
    gate.release();
    await vi.waitFor(() => {
      expect(messages.steps.at(-1)).toBe('UserSync.upsert end');
    }, SOON);
    expect(messages.steps).not.toContain('claimed');
  });

  it('tell deliveries that come without HTTP', async () => {
    await start();
    const body = JSON.stringify(anEvent());
    const service = server.app.get(ScalekitWebhookService);
    await service.receive({ rawBody: body, headers: { ...signWebhook({ body, secret: SECRET }) } });
    expect(messages.steps.at(0)).toBe('received');
    expect(messages.delivery('answered')).toMatchObject([{ outcome: 'handled', status: 200 }]);
  });

  it('tell deliveries to a controller of the application', async () => {
    @Controller('own')
    @UseGuards(ScalekitSignatureGuard)
    @UseInterceptors(ScalekitIdempotencyInterceptor)
    class OwnController {
      @Post()
      receive(): void {
        if (work() === 'bad') throw new HttpException('No', 422);
      }
    }
    await start({ controllers: [OwnController], webhook: { isGlobal: true } });
    await server.deliver(anEvent(), { path: '/own' });
    expect(messages.steps).toEqual(['received', 'verified', 'claimed', 'answered']);
    work = () => 'bad';
    await server.deliver(anEvent(), { path: '/own' });
    expect(messages.delivery('answered')).toMatchObject([
      { outcome: 'handled', status: 200 },
      { outcome: 'failed', reason: 'failed', status: 422 },
    ]);
  });

  it('let a subscriber to the start of a handler set an AsyncLocalStorage around it', async () => {
    await start();
    const storage = new AsyncLocalStorage<string>();
    const { start: handlerStart } = tracingChannel<string, HandlerFacts>(HANDLER_CHANNEL);
    handlerStart.bindStore(storage, ({ handler }) => handler);
    let seen: string | undefined;
    work = async () => {
      await Promise.resolve();
      seen = storage.getStore();
    };
    await server.deliver(anEvent());
    handlerStart.unbindStore(storage);
    expect(seen).toBe('UserSync.upsert');
  });

  it('have the start and the end of deliveries and handlers on tracing channels', async () => {
    await start();
    const told: string[] = [];
    const noteAll = (what: string) => ({
      start: () => told.push(`${what} start`),
      end: () => undefined,
      asyncStart: () => undefined,
      asyncEnd: () => told.push(`${what} asyncEnd`),
      error: () => told.push(`${what} error`),
    });
    const deliveries = tracingChannel<object, DeliveryFacts>(DELIVERY_CHANNEL);
    const calls = tracingChannel<object, HandlerFacts>(HANDLER_CHANNEL);
    const [ofDeliveries, ofCalls] = [noteAll('delivery'), noteAll('handler')] as never[];
    deliveries.subscribe(ofDeliveries as never);
    calls.subscribe(ofCalls as never);
    work = () => Promise.reject(new Error('no'));
    await server.deliver(anEvent());
    deliveries.unsubscribe(ofDeliveries as never);
    calls.unsubscribe(ofCalls as never);
    expect(told).toEqual([
      'delivery start',
      'handler start',
      'handler error',
      'handler asyncEnd',
      'delivery error',
      'delivery asyncEnd',
    ]);
  });
});
