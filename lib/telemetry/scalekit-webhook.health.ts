import { Inject, Injectable } from '@nestjs/common';
import type { Registration } from '../receive/scalekit-webhook.controller.js';
import { type EndpointState, ScalekitWebhookRegistry } from '../scalekit-webhook.registry.js';
import { REGISTRATION } from '../scalekit-webhook.tokens.js';
import { within } from '../shared/within.js';

/** @publicApi */
export interface WebhookHealthOptions {
  /**
   * How long the store and the queue may take to answer, in milliseconds.
   *
   * @default 1_000
   */
  readonly timeoutMs?: number;
  /**
   * Down while this process has worked on one event, or on one handler of a queued event, for longer than this, in
   * milliseconds.
   *
   * @default 600_000 (10 minutes: twice `handlerTimeoutMs`)
   */
  readonly maxClaimMs?: number;
  /**
   * Down while more failed events than this are kept, at most 999. All processes of an application see the same ones: as a
   * reason to restart a process it is no good.
   *
   * @default undefined: not looked at
   */
  readonly maxFailedEvents?: number;
}

/**
 * What the indicator says: as the functions of `HealthCheckService.check()` of `@nestjs/terminus` return it.
 *
 * @publicApi
 */
export type WebhookHealthResult<Key extends string> = Readonly<Record<Key, WebhookHealth>>;

/**
 * Ids and numbers only: a health page may be public.
 *
 * @publicApi
 */
export interface WebhookHealth {
  readonly status: 'up' | 'down';
  readonly endpoint: string;
  readonly store: 'up' | 'down';
  /** Only with a queue. */
  readonly queue?: 'up' | 'down';
  /** Whether this process takes jobs. Only with a queue, in the roles `work` and `both`. */
  readonly worker?: 'up' | 'down';
  readonly runningClaims: number;
  readonly oldestClaimMs: number;
  /** Only with `maxFailedEvents`, and at most one more than that. */
  readonly failedEvents?: number;
  readonly shuttingDown: boolean;
  /** Only with `catchUp`: how it goes in this process, as in `CatchUpState`. Never a reason to be down. */
  readonly catchUp?: string;
  /** Milliseconds since the time up to which catching up has done everything. Only once this process has caught up. */
  readonly catchUpLagMs?: number;
  /** Why it is down, comma-separated: `shutting down`, `store`, `queue`, `worker`, `claim too old`, `failed events`. */
  readonly message?: string;
  // Terminus wants an index signature.
  readonly [detail: string]: unknown;
}

const MAX_FAILED = 1_000;

/**
 * Tells whether an endpoint can do its work, for the health checks of `@nestjs/terminus` 11 and 12, or without it.
 * Inject it in a module that imports one `ScalekitWebhookModule`.
 *
 * ```ts fragment
 * this.health.check([() => this.webhooks.isHealthy('webhooks')]);
 * ```
 *
 * @publicApi
 */
@Injectable()
export class ScalekitWebhookHealthIndicator {
  constructor(
    @Inject(REGISTRATION) private readonly registration: Registration,
    private readonly registry: ScalekitWebhookRegistry,
  ) {}

  /**
   * Asks the store and the queue, and looks at what this process works on. Down also from the moment that the
   * application begins to shut down: make it a readiness check, and no more deliveries come while it drains.
   *
   * @param key the name in the result
   * @throws RangeError for a `maxFailedEvents` over 999
   */
  async isHealthy<const Key extends string>(
    key: Key,
    { timeoutMs = 1_000, maxClaimMs = 600_000, maxFailedEvents }: WebhookHealthOptions = {},
  ): Promise<WebhookHealthResult<Key>> {
    if (maxFailedEvents !== undefined && !(maxFailedEvents >= 0 && maxFailedEvents < MAX_FAILED)) {
      throw new RangeError(
        `maxFailedEvents must be from 0 to ${MAX_FAILED - 1}, received ${maxFailedEvents}.`,
      );
    }
    const { name, state } = this.endpoint;
    const [store, queue, failedEvents] = await Promise.all([
      isUp(timeoutMs, () => state.askStore()),
      isUp(timeoutMs, () => state.askQueue()),
      maxFailedEvents === undefined ? undefined : countFailed(state, maxFailedEvents + 1, timeoutMs),
    ]);
    const { running, oldestMs, isDraining } = state.claims();
    const isWorking = state.isWorking();
    const catchUp = state.catchUp();
    const faults = Object.entries({
      'shutting down': isDraining,
      store: store !== true,
      queue: queue === false,
      worker: isWorking === false,
      'claim too old': oldestMs > maxClaimMs,
      'failed events': failedEvents !== undefined && failedEvents > (maxFailedEvents ?? 0),
    }).flatMap(([fault, isSo]) => (isSo ? fault : []));
    const health: WebhookHealth = {
      status: word(faults.length === 0),
      endpoint: name,
      store: word(store === true),
      ...(queue !== undefined && { queue: word(queue) }),
      ...(isWorking !== undefined && { worker: word(isWorking) }),
      runningClaims: running,
      oldestClaimMs: Math.round(oldestMs),
      ...(failedEvents !== undefined && { failedEvents }),
      shuttingDown: isDraining,
      ...(catchUp && { catchUp: catchUp.status }),
      ...(catchUp?.doneUntil !== undefined && { catchUpLagMs: Date.now() - catchUp.doneUntil }),
      ...(faults.length > 0 && { message: faults.join(', ') }),
    };
    return { [key]: health } as WebhookHealthResult<Key>;
  }

  private get endpoint(): { readonly name: string; readonly state: EndpointState } {
    const { name } = this.registration;
    const state = this.registry.forRoute(name)?.state;
    if (!state) {
      throw new TypeError(`The endpoint "${name}" is not running.`);
    }
    return { name, state };
  }
}

const word = (isGood: boolean) => (isGood ? 'up' : 'down');

/** Undefined where there is nothing to ask. */
async function isUp(ms: number, ask: () => Promise<unknown> | undefined): Promise<boolean | undefined> {
  const asked = ask();
  return asked && within(ms, asked.then(yes, no), no);
}

const yes = () => true;
const no = () => false;

/** Undefined while the store or the queue, which keeps them, is away: that is a fault of its own. */
async function countFailed(state: EndpointState, limit: number, ms: number): Promise<number | undefined> {
  const nothing = () => undefined;
  return within(ms, state.countFailed(limit).catch(nothing), nothing);
}
