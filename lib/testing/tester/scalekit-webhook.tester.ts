import type { INestApplicationContext } from '@nestjs/common';
import { HandlerRegistry } from '../../handlers/handler.registry.js';
import type { Awaitable } from '../../idempotency/idempotency-store.js';
import type { WebhookScheme } from '../../signature/webhook-scheme.js';
import { signedDelivery } from '../deliveries/signed-delivery.presets.js';
import type { DeliverableEvent, SignedDelivery } from '../deliveries/signed-delivery.js';
import type { DeliveryAttempt, DeliveryResult, RetriedDelivery } from './delivery-result.js';
import { countCalls, sumOfCalls } from './handler-calls.js';
import { answerWithin, SENDER_ATTEMPTS, SENDER_TIMEOUT_MS, waitAfter } from './retry-schedule.js';
import { createSend, nearestTransport, type Send, type TesterTransport } from './transports.js';

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

/**
 * Plays the sender: delivers events to an application as Scalekit does, and says what was answered and which handlers
 * were called.
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
  private sending: Promise<Send> | undefined;

  constructor(
    private readonly app: INestApplicationContext,
    private readonly options: ScalekitWebhookTesterOptions,
  ) {}

  /** Delivers an event, or what `signedDelivery` made of one. */
  async deliver(event: DeliverableEvent | SignedDelivery): Promise<DeliveryResult> {
    return this.attempt(this.deliveryOf(event));
  }

  /** Delivers an event, and once it is answered the same again, as a sender does that missed the answer. */
  async deliverTwice(
    event: DeliverableEvent | SignedDelivery,
  ): Promise<readonly [DeliveryResult, DeliveryResult]> {
    const delivery = this.deliveryOf(event);
    return [await this.deliver(delivery), await this.deliver(delivery.again())];
  }

  /**
   * Delivers so many copies of an event side by side. Each result counts the calls for the event until its own answer
   * came, whichever copy caused them.
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
   * A `Retry-After` makes a wait longer, but at most twice as long. No time passes: the waits are only counted.
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

  private async attempt(delivery: SignedDelivery, signal?: AbortSignal): Promise<DeliveryResult> {
    this.sending ??= this.open();
    const send = await this.sending;
    const registry = this.app.get(HandlerRegistry, { strict: false });
    return countCalls(registry, delivery, () => send(delivery, signal));
  }

  private async open(): Promise<Send> {
    await this.app.init();
    const { endpoint = 'default', path, transport = nearestTransport(this.app) } = this.options;
    return createSend(transport, { app: this.app, endpoint, path });
  }

  private deliveryOf(event: DeliverableEvent | SignedDelivery): SignedDelivery {
    return isDelivery(event) ? event : signedDelivery(event, this.options);
  }
}

function isDelivery(event: DeliverableEvent | SignedDelivery): event is SignedDelivery {
  return typeof event === 'object' && 'again' in event && typeof event.again === 'function';
}
