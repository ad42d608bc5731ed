import { Code, ConnectError } from '@connectrpc/connect';
import { ConsoleLogger, HttpException, Logger } from '@nestjs/common';
import fc from 'fast-check';
import { createCatchUp, createReceivedSamples } from '../../../lib/catch-up/create-catch-up.js';
import type { CatchUpLoop } from '../../../lib/catch-up/catch-up.loop.js';
import { bodyOf } from '../../../lib/catch-up/events-client.js';
import type { EventHandler } from '../../../lib/handlers/event-handler.js';
import type { HandlerRegistry } from '../../../lib/handlers/handler.registry.js';
import { Ledger } from '../../../lib/idempotency/ledger.js';
import { MemoryIdempotencyStore } from '../../../lib/idempotency/memory-idempotency.store.js';
import { OncePerEvent } from '../../../lib/idempotency/once-per-event.js';
import { signWebhook } from '../../../lib/index.js';
import { createDispatcher } from '../../../lib/receive/create-dispatcher.js';
import { DeliveryReceiver } from '../../../lib/receive/delivery.receiver.js';
import { register } from '../../../lib/receive/scalekit-webhook.controller.js';
import { resolveOptions } from '../../../lib/scalekit-webhook.options.resolver.js';
import { RateLimitedLog } from '../../../lib/shared/rate-limited-log.js';
import { DeliveryAuthenticator } from '../../../lib/signature/delivery-authenticator.js';
import { createDeliveryVerifier } from '../../../lib/signature/secret-source.js';
import { Lifecycle } from '../../../lib/telemetry/lifecycle.js';
import { SENDER_ATTEMPTS, SENDER_TIMEOUT_MS, waitAfter } from '../../../lib/testing/tester/retry-schedule.js';
import { EventLog, type LoggedEvent, momentOf } from '../events-api.js';
import { VirtualTime } from './virtual-time.js';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** In which everything happens that goes wrong. */
const DAY = 24 * HOUR;
/** In which nothing goes wrong any more: the last retry of an event that failed till then is 28 hours later. */
const RECOVERY = 32 * HOUR;
const EVERY = 30 * MINUTE;
const LEASE = 10 * MINUTE;
const START = Date.UTC(2026, 0, 1);
const RECEIVERS = 2;

interface Outage {
  readonly from: number;
  readonly length: number;
}

/** What happens to one event. Times are milliseconds. */
export interface EventPlan {
  readonly at: number;
  /** So much later it is in the log. */
  readonly logDelay: number;
  /** Of these attempts of the sender, the request is lost. */
  readonly lost: readonly boolean[];
  /** Of these, the answer is lost: the sender sees a timeout. */
  readonly unanswered: readonly boolean[];
  /** The handler throws so many times. */
  readonly failures: number;
  readonly handlerTakes: number;
}

/** What happens in a day. */
export interface Plan {
  readonly events: readonly EventPlan[];
  readonly crashes: readonly { readonly at: number; readonly receiver: number; readonly downFor: number }[];
  readonly storeOutages: readonly (Outage & { readonly loses: 'calls' | 'answers' })[];
  readonly apiOutages: readonly (Outage & { readonly code: 'busy' | 'broken' | 'slow' })[];
  readonly tokensLiveFor: number;
  readonly includesEnds: boolean;
  /** How far the receivers' clock is ahead of Scalekit's. */
  readonly clockAhead: number;
  readonly assumeSameIds: boolean;
}

const within = (max: number) => fc.integer({ min: 0, max });
const outage = { from: within(DAY), length: within(8 * HOUR) };

export const PLANS: fc.Arbitrary<Plan> = fc.record({
  events: fc.array(
    fc.record({
      at: within(DAY),
      logDelay: fc.oneof(fc.constant(0), within(30 * MINUTE)),
      lost: fc.oneof(
        fc.constant(Array<boolean>(SENDER_ATTEMPTS).fill(true)),
        fc.array(fc.boolean(), { maxLength: SENDER_ATTEMPTS }),
      ),
      unanswered: fc.array(fc.boolean(), { maxLength: SENDER_ATTEMPTS }),
      failures: fc.oneof(fc.constant(0), within(3), fc.constant(1_000)),
      handlerTakes: fc.oneof(within(100), within(5 * MINUTE)),
    }),
    { minLength: 1, maxLength: 15 },
  ),
  crashes: fc.array(
    fc.record({ at: within(DAY), receiver: within(RECEIVERS - 1), downFor: within(6 * HOUR) }),
    { maxLength: 6 },
  ),
  storeOutages: fc.array(
    fc.record({ ...outage, loses: fc.constantFrom('calls' as const, 'answers' as const) }),
    { maxLength: 3 },
  ),
  apiOutages: fc.array(
    fc.record({ ...outage, code: fc.constantFrom('busy' as const, 'broken' as const, 'slow' as const) }),
    { maxLength: 3 },
  ),
  tokensLiveFor: fc.constantFrom(1, 3, Infinity),
  includesEnds: fc.boolean(),
  clockAhead: fc.integer({ min: -10 * MINUTE, max: 10 * MINUTE }),
  assumeSameIds: fc.boolean(),
});

interface EventState {
  readonly plan: EventPlan;
  readonly listed: LoggedEvent;
  failuresLeft: number;
  /** How often the handler ran to its end. */
  handled: number;
  /** How often that could not be recorded, because the receiver crashed or lost its lease. */
  unrecorded: number;
}

/** What is wrong in the end, in words. */
export async function faultsOf(plan: Plan): Promise<readonly string[]> {
  const time = new VirtualTime(START);
  try {
    const world = new World(plan, time);
    world.start();
    await time.runUntil(START + DAY);
    world.sendFinalProof();
    await time.runUntil(START + DAY + RECOVERY);
    return world.faults();
  } finally {
    time.close();
  }
}

class World {
  private readonly store = new MemoryIdempotencyStore();
  private readonly log: EventLog;
  private readonly events: EventState[];
  private readonly receivers: Receiver[] = [];
  private turn = 0;

  constructor(
    readonly plan: Plan,
    readonly time: VirtualTime,
  ) {
    const { tokensLiveFor, includesEnds, events } = plan;
    this.log = new EventLog({ tokensLiveFor, includesEnds });
    this.events = events.map((each, index) => this.eventOf(each, index));
  }

  start(): void {
    const { time, plan } = this;
    for (let index = 0; index < RECEIVERS; index++) {
      this.receivers.push(new Receiver(this));
    }
    for (const event of this.events) {
      this.publish(event);
    }
    for (const { at, receiver, downFor } of plan.crashes) {
      time.at(START + at, () => {
        this.receivers[receiver]?.crash();
      });
      time.at(START + at + downFor, () => {
        if (this.receivers[receiver]?.isDown) {
          this.receivers[receiver] = new Receiver(this);
        }
      });
    }
  }

  /** Everything is well again: this one comes by webhook, and proves that the ids are the same. */
  sendFinalProof(): void {
    this.receivers.forEach((receiver, index) => {
      if (receiver.isDown) {
        this.receivers[index] = new Receiver(this);
      }
    });
    const plan = { at: DAY, logDelay: 0, lost: [], unanswered: [], failures: 0, handlerTakes: 1 };
    const event = this.eventOf(plan, this.events.length);
    this.events.push(event);
    this.publish(event);
  }

  faults(): string[] {
    const failed = new Set(
      this.store.failures
        .list('default', { limit: 1_000, cursor: undefined })
        .failures.map(({ eventId }) => eventId),
    );
    return this.events.flatMap(({ listed: { id }, handled, unrecorded, plan }) => {
      const isVisiblyFailed = handled === 0 && failed.has(id);
      if (isVisiblyFailed ? plan.failures < 7 : handled === 0) {
        return [`${id} was ${isVisiblyFailed ? 'given up, though it would have succeeded' : 'lost'}`];
      }
      return handled > 1 + unrecorded ? [`${id} was handled ${handled} times`] : [];
    });
  }

  private eventOf(plan: EventPlan, index: number): EventState {
    const listed: LoggedEvent = {
      id: `evt_${index}`,
      type: 'user.created',
      occurredAt: momentOf(START + plan.at - this.plan.clockAhead, index % 3),
      environmentId: 'env_1',
      object: 5,
      data: { id: `usr_${index}` },
    };
    return { plan, listed, failuresLeft: plan.failures, handled: 0, unrecorded: 0 };
  }

  private publish(event: EventState): void {
    const { at, logDelay } = event.plan;
    this.time.at(START + at + logDelay, () => {
      this.log.add(event.listed);
    });
    this.time.at(START + at, () => void this.send(event, 1));
  }

  private async send({ listed, plan }: EventState, attempt: number): Promise<void> {
    const result = { status: 0, body: '', headers: {} as Record<string, string>, handlers: {} };
    const receiver = this.receivers[this.turn++ % RECEIVERS];
    if (!plan.lost[attempt - 1] && receiver && !receiver.isDown) {
      const answer = receiver.receive(bodyOf(listed));
      const answered = await Promise.race([answer, this.time.wait(SENDER_TIMEOUT_MS)]);
      if (answered && !plan.unanswered[attempt - 1]) {
        Object.assign(result, answered);
      }
    }
    if ((result.status < 200 || result.status > 299) && attempt < SENDER_ATTEMPTS) {
      const wait = waitAfter(attempt, result, ((attempt * 7_919) % 1_000) / 1_000);
      await this.time.wait(wait * SECOND);
      await this.send({ listed, plan } as EventState, attempt + 1);
    }
  }

  /** The store, as one receiver reaches it. */
  storeFor(receiver: Receiver): MemoryIdempotencyStore {
    const guard = <T extends object>(target: T): T =>
      new Proxy(target, {
        get: (object, name) => {
          const value: unknown = Reflect.get(object, name, object);
          if (typeof value === 'object' && value !== null) {
            return guard(value);
          }
          return typeof value === 'function'
            ? (...args: unknown[]) =>
                this.callStore(receiver, () => Reflect.apply(value, object, args) as unknown)
            : value;
        },
      });
    return guard(this.store);
  }

  private async callStore(receiver: Receiver, call: () => unknown): Promise<unknown> {
    await Promise.resolve();
    if (receiver.isDown) {
      return new Promise(() => undefined);
    }
    const outage = this.plan.storeOutages.find(isNow(this.time.now));
    if (outage?.loses === 'calls') {
      throw new Error('no connection');
    }
    const answer = call();
    if (outage) {
      throw new Error('connection lost');
    }
    return answer;
  }

  readonly client = {
    events: {
      listEventsPaginated: async (size: number, token: string, filter: Parameters<EventLog['list']>[2]) => {
        await this.time.wait(50);
        switch (this.plan.apiOutages.find(isNow(this.time.now))?.code) {
          case 'busy':
            throw new ConnectError('slow down', Code.ResourceExhausted);
          case 'broken':
            throw new ConnectError('broken', Code.Internal);
          case 'slow':
            await this.time.wait(5 * MINUTE);
        }
        // Small pages, so that there are tokens.
        return this.log.list(Math.min(size, 3), token, filter);
      },
    },
  };

  async handle(receiver: Receiver, id: string): Promise<void> {
    const event = this.events.find(({ listed }) => listed.id === id);
    if (!event) {
      throw new Error(`${id} is unknown.`);
    }
    await this.time.wait(event.plan.handlerTakes);
    if (receiver.isDown) {
      await new Promise(() => undefined);
    }
    if (event.failuresLeft > 0) {
      event.failuresLeft--;
      throw new Error('handler failed');
    }
    event.handled++;
    receiver.unrecorded.add(event);
    await Promise.resolve();
  }

  /** The store knows that the event is done. */
  isRecorded({ listed: { id } }: EventState): boolean {
    return this.store.catchUp.look([`default:${id}`])[0] === 'done';
  }
}

class Receiver {
  isDown = false;
  /** What its handler has finished, as long as the store may not know. */
  readonly unrecorded = new Set<EventState>();
  private readonly receiver: DeliveryReceiver;
  private readonly loop: CatchUpLoop | undefined;

  constructor(private readonly world: World) {
    const registration = register('default', undefined, 'both', []);
    const options = resolveOptions(registration, {
      secret: SECRET,
      handlerTimeoutMs: 20 * MINUTE,
      idempotency: { store: world.storeFor(this), leaseMs: LEASE },
      catchUp: {
        client: world.client,
        every: EVERY / SECOND,
        since: new Date(START - HOUR),
        assumeSameIds: world.plan.assumeSameIds,
      },
    });
    const logger = { log: silent, warn: silent, error: silent };
    const log = new RateLimitedLog(logger, 'default');
    const lifecycle = new Lifecycle('soak', 'default');
    const ledger = new Ledger('default', options.idempotency);
    const handler: EventHandler = {
      name: 'Users.created',
      subscriptions: [{ patterns: ['user.created'] }],
      options: {},
      invoke: ({ id }) => world.handle(this, id),
    };
    const registry = {
      handlersFor: () => [handler],
      patternsOf: () => ['user.created'],
    } as unknown as HandlerRegistry;
    const authenticator = new DeliveryAuthenticator(
      'default',
      createDeliveryVerifier(options, log),
      log,
      lifecycle,
      options,
    );
    const samples = createReceivedSamples(registration, options);
    this.receiver = new DeliveryReceiver(
      authenticator,
      new OncePerEvent(ledger, options.answerWithinMs, log, lifecycle),
      createDispatcher(registration, options, ledger, registry, lifecycle),
      samples,
    );
    this.loop = createCatchUp(
      registration,
      options,
      samples,
      ledger,
      authenticator,
      registry,
      { application: '0-0-0-0-0' },
      this.receiver,
    );
    this.loop?.start();
  }

  crash(): void {
    if (this.isDown) {
      return;
    }
    this.isDown = true;
    this.loop?.stop();
    for (const event of this.unrecorded) {
      if (!this.world.isRecorded(event)) {
        event.unrecorded++;
      }
    }
  }

  async receive(rawBody: Buffer): Promise<{ status: number; headers: Record<string, string> } | undefined> {
    const headers: Record<string, string> = {};
    const body = rawBody.toString();
    const { id } = JSON.parse(body) as { id: string };
    const response = {
      header: (name: string, value: string) => {
        headers[name.toLowerCase()] = value;
      },
      status: silent,
    };
    const request = { rawBody, headers: signWebhook({ body, secret: SECRET, scheme: 'standard', id }) };
    try {
      await this.receiver.receive(request, response);
      return this.isDown ? undefined : { status: 200, headers };
    } catch (error) {
      return this.isDown || !(error instanceof HttpException)
        ? undefined
        : { status: error.getStatus(), headers };
    }
  }
}

function isNow(now: number): (outage: Outage) => boolean {
  return ({ from, length }) => now >= START + from && now < START + Math.min(DAY, from + length);
}

function silent(): void {
  // Thousands of failures are meant.
}

/** What handlers throw is logged: a million lines that nobody reads. Returns what turns the log on again. */
export function silenceLogs(): () => void {
  Logger.overrideLogger(false);
  return () => {
    Logger.overrideLogger(new ConsoleLogger());
  };
}
