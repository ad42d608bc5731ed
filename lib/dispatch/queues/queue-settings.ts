import type { HandlerBackoff } from '../../handlers/event-handler.js';
import { backoffFault } from '../../handlers/event-handler.js';
import { ScalekitWebhookError } from '../../scalekit-webhook.errors.js';

const MAX_TIMER_MS = 2_147_483_647;
const DEFAULT_BACKOFF: HandlerBackoff = { type: 'exponential', delayMs: 1_000 };

/**
 * What every dispatcher with a queue can be told.
 *
 * @publicApi
 */
export interface QueueDispatcherSettings {
  /**
   * How often a failing handler is tried, the first time included, before its event is a dead letter. A handler's own
   * `attempts` come first.
   *
   * @default 8
   */
  readonly attempts?: number;
  /**
   * How long to wait before the next attempt. `exponential` doubles the delay with each attempt, up to a day, and takes
   * a random part of up to a half off it, so that events that failed together are not retried together. A handler's own
   * `backoff` comes first.
   *
   * @default { type: 'exponential', delayMs: 1_000 }
   */
  readonly backoff?: HandlerBackoff;
  /**
   * How long the queue's server may take to confirm an event's jobs, in milliseconds. After that the delivery is
   * answered 503.
   *
   * @default 2_000
   */
  readonly timeoutMs?: number;
  /**
   * How long a dead letter is kept, in seconds. It holds the event's payload.
   *
   * @default undefined: until it is replayed or discarded
   */
  readonly keepFailedSeconds?: number;
}

/** Every default applied. */
export interface QueueSettings {
  readonly attempts: number;
  readonly backoff: HandlerBackoff;
  readonly timeoutMs: number;
  readonly keepFailedSeconds: number | undefined;
}

/** Checks a dispatcher's options, and names the dispatcher in its errors. */
export class SettingsCheck {
  constructor(private readonly dispatcher: string) {}

  /** @throws ScalekitWebhookError (`invalid_options`) */
  resolve({
    attempts = 8,
    backoff = DEFAULT_BACKOFF,
    timeoutMs = 2_000,
    keepFailedSeconds,
  }: QueueDispatcherSettings): QueueSettings {
    this.wholeNumber('attempts', attempts);
    this.wholeNumber('timeoutMs', timeoutMs);
    const fault = backoffFault(backoff);
    this.require(fault === undefined, fault ?? '');
    if (keepFailedSeconds !== undefined) {
      this.wholeNumber('keepFailedSeconds', keepFailedSeconds);
    }
    return { attempts, backoff, timeoutMs, keepFailedSeconds };
  }

  wholeNumber(option: string, value: number): void {
    const isRight = Number.isSafeInteger(value) && value >= 1 && value <= MAX_TIMER_MS;
    this.require(isRight, `${option} must be a whole number from 1 to ${MAX_TIMER_MS}, received ${value}.`);
  }

  seconds(option: string, value: number): void {
    const isRight = value > 0 && value * 1_000 <= MAX_TIMER_MS;
    this.require(isRight, `${option} must be a number of seconds, received ${value}.`);
  }

  require(isRight: boolean, problem: string): void {
    if (!isRight) {
      throw new ScalekitWebhookError('invalid_options', `${this.dispatcher}(): ${problem}`);
    }
  }
}
