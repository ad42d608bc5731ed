import { setTimeout as wait } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import type { EventDispatcher } from '../../dispatch/event-dispatcher.js';
import type { Awaitable } from '../../idempotency/idempotency-store.js';
import { ScalekitWebhookError } from '../../scalekit-webhook.errors.js';
import { ScalekitWebhookRegistry } from '../../scalekit-webhook.registry.js';
import { EVENT_DISPATCHER } from '../../scalekit-webhook.tokens.js';
import type { WebhookScheme } from '../../signature/webhook-scheme.js';
import { signedDelivery } from '../deliveries/signed-delivery.presets.js';
import type { DeliverableEvent, SignedDelivery } from '../deliveries/signed-delivery.js';
import type { DeliveryAttempt, DeliveryResult, RetriedDelivery } from './delivery-result.js';
import { CallCounter, type HandlerCalls, sumOfCalls } from './handler-calls.js';
import { answerWithin, SENDER_ATTEMPTS, SENDER_TIMEOUT_MS, waitAfter } from './retry-schedule.js';
import { createSend, nearestTransport, ofEndpoint, type Send, type TesterTransport } from './transports.js';

/** @publicApi */
export interface ScalekitWebhookTesterOptions {
  /** The signing secret of the endpoint. */
  readonly secret: string;
  /** @default 'standard' */
  readonly scheme?: WebhookScheme | undefined;
  /**
   * The `name` of the endpoint, in applications with several.
   *
   * @default 'default'
   */
  readonly endpoint?: string | undefined;
  /**
   * The route, global prefix included: for controllers of your own.
   *
   * @default the route of the endpoint
   */
  readonly path?: string | undefined;
  /**
   * How deliveries get into the application.
   *
   * @default `http` if it listens, else `inject` on Fastify, else `service`
   */
  readonly transport?: TesterTransport | undefined;
}

/** @publicApi */
export interface SettledOptions {
  /**
   * How long to wait for the queue, in milliseconds.
   *
   * @default 4_000
   */
  readonly timeoutMs?: number | undefined;
}

/** @publicApi */
export interface RetryOptions {
  /**
   * How often the sender tries before it gives up. After the eighth attempt it waits 10 hours each time.
   *
   * @default 8
   */
  readonly maxAttempts?: number | undefined;
  /**
   * Called for each wait, with its length in milliseconds. Use it to move the fake timers of your test runner along,
   * or to repair what made the handler fail.
   *
   * @default nothing waits
   */
  readonly onWait?: ((ms: number) => Awaitable<void>) | undefined;
  /**
   * Chooses how far a wait is from the schedule: 0 is 20 % less, 0.5 none, and 1 is 20 % more. The sender chooses at
   * random: `Math.random`.
   *
   * @default () => 0.5: the same waits in each run
   */
  readonly jitter?: (() => number) | undefined;
  /**
   * How long the sender waits for an answer, in milliseconds of the real clock. An attempt without an answer by then
   * has the status 0; the application works on.
   *
   * @default 15_000
   */
  readonly timeoutMs?: number | undefined;
}

/** How often the queue is polled. */
const POLL_MS = 20;

/**
 * Plays the sender: delivers events to an application as Scalekit does, and reports the answers and the handler calls.
 *
 * ```ts
 * const tester = new ScalekitWebhookTester(app, { secret });
 * const [first, second] = await tester.deliverTwice(scalekitEvent('user.created'));
 * expect(first.handlers).toEqual({ 'UserSync.onUserCreated': 1 });
 * expect(second).toMatchObject({ status: 200, body: 'Already processed', handlers: {} });
 * ```
 *
 * The application may listen, or not: see {@link TesterTransport}. It is initialized if need be, and never closed.
 *
 * @publicApi
 */
export class ScalekitWebhookTester {
  private opening: Promise<{ readonly send: Send; readonly counter: CallCounter }> | undefined;

  constructor(
    private readonly app: INestApplicationContext,
    private readonly options: ScalekitWebhookTesterOptions,
  ) {}

  /** Delivers an event, or what `signedDelivery` made of one. */
  async deliver(event: DeliverableEvent | SignedDelivery): Promise<DeliveryResult> {
    return this.attempt(this.deliveryOf(event));
  }

  /** Delivers an event twice, one after the other, as a sender that missed the first answer does. */
  async deliverTwice(
    event: DeliverableEvent | SignedDelivery,
  ): Promise<readonly [DeliveryResult, DeliveryResult]> {
    const delivery = this.deliveryOf(event);
    return [await this.deliver(delivery), await this.deliver(delivery.again())];
  }

  /**
   * Delivers several copies of an event at the same time. Each result counts the handler calls for the event until its
   * own answer came, whichever copy caused them.
   */
  async deliverAtOnce(
    event: DeliverableEvent | SignedDelivery,
    copies = 20,
  ): Promise<readonly DeliveryResult[]> {
    const delivery = this.deliveryOf(event);
    return Promise.all(Array.from({ length: copies }, () => this.deliver(delivery)));
  }

  /** Delivers the last event first. The results are in the order of the events. */
  async deliverOutOfOrder(
    events: readonly (DeliverableEvent | SignedDelivery)[],
  ): Promise<readonly DeliveryResult[]> {
    const results: DeliveryResult[] = [];
    for (const event of [...events].reverse()) {
      results.unshift(await this.deliver(event));
    }
    return results;
  }

  /**
   * Delivers an event again and again, each time signed anew with the same id, until the answer is 2xx or the sender
   * gives up.
   *
   * The sender (Svix) waits 5 s, 5 min, 30 min, 2 h, 5 h, 10 h and 10 h. After a timeout or a 429 it waits at least 60 s.
   * A `Retry-After` makes a wait longer, but at most twice as long. No time passes: waits are only added up.
   */
  async retryUntilDone(
    event: DeliverableEvent | SignedDelivery,
    {
      maxAttempts = SENDER_ATTEMPTS,
      onWait,
      jitter = () => 0.5,
      timeoutMs = SENDER_TIMEOUT_MS,
    }: RetryOptions = {},
  ): Promise<RetriedDelivery> {
    const delivery = this.deliveryOf(event);
    const attempts: DeliveryAttempt[] = [];
    let atSeconds = 0;
    for (;;) {
      const next = attempts.length === 0 ? delivery : delivery.again();
      const result = await answerWithin(timeoutMs, (signal) => this.attempt(next, signal));
      attempts.push({ ...result, atSeconds });
      const isDone = result.status >= 200 && result.status < 300;
      if (isDone || attempts.length >= maxAttempts) {
        return { isDone, attempts, handlers: sumOfCalls(attempts) };
      }
      const seconds = waitAfter(attempts.length, result, jitter());
      atSeconds += seconds;
      await onWait?.(seconds * 1_000);
    }
  }

  /**
   * Waits until the queue has no more jobs for the events that this tester delivered: each handler has finished or its
   * event is a dead letter. Without a queue it resolves at once, because the answer has waited for the handlers.
   *
   * A failing handler is retried after its `backoff`, in real time: give the dispatcher `attempts: 1` or a short `backoff`
   * in tests.
   *
   * @returns how often each handler was called for these events, in this process
   * @throws ScalekitWebhookError (`not_settled`) after `timeoutMs`
   */
  async settled({ timeoutMs = 4_000 }: SettledOptions = {}): Promise<HandlerCalls> {
    this.opening ??= this.open();
    const { counter } = await this.opening;
    const dispatcher = ofEndpoint<EventDispatcher>(this.app, this.endpoint, EVENT_DISPATCHER);
    const deadline = performance.now() + timeoutMs;
    let open = counter.eventIds;
    for (;;) {
      const jobs = await Promise.all(open.map(async (id) => dispatcher.unfinishedJobs?.(id) ?? 0));
      open = open.filter((_, index) => jobs[index] !== 0);
      if (open.length === 0) {
        return counter.total();
      }
      if (performance.now() >= deadline) {
        throw notSettled(open, timeoutMs);
      }
      await wait(POLL_MS);
    }
  }

  private async attempt(delivery: SignedDelivery, signal?: AbortSignal): Promise<DeliveryResult> {
    this.opening ??= this.open();
    const { send, counter } = await this.opening;
    return counter.during(delivery, () => send(delivery, signal));
  }

  private async open(): Promise<{ send: Send; counter: CallCounter }> {
    await this.app.init();
    const { path, transport = nearestTransport(this.app) } = this.options;
    const send = createSend(transport, { app: this.app, endpoint: this.endpoint, path });
    const { application } = this.app.get(ScalekitWebhookRegistry, { strict: false });
    return { send, counter: new CallCounter(application) };
  }

  private get endpoint(): string {
    return this.options.endpoint ?? 'default';
  }

  private deliveryOf(event: DeliverableEvent | SignedDelivery): SignedDelivery {
    return isDelivery(event) ? event : signedDelivery(event, this.options);
  }
}

function notSettled(eventIds: readonly string[], timeoutMs: number): ScalekitWebhookError {
  return new ScalekitWebhookError(
    'not_settled',
    `After ${timeoutMs} ms the queue still has jobs of ${eventIds.slice(0, 5).join(', ')}. Is there a worker (role "both" or ` +
      '"work"), and does a handler fail and wait for its next attempt? Give the dispatcher a short backoff in tests.',
  );
}

function isDelivery(event: DeliverableEvent | SignedDelivery): event is SignedDelivery {
  return typeof event === 'object' && 'again' in event && typeof event.again === 'function';
}
