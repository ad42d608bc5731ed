import { RateLimitError } from 'bullmq';
import { errorMessage } from '../../dispatch/queues/error-message.js';

/** By its message alone, BullMQ takes an error for a wish to be slowed down. */
const RATE_LIMIT = new RateLimitError().message;

/**
 * What BullMQ is told of a handler's failure: the message becomes the job's `failedReason`. Never the handler's own
 * error, for BullMQ does other things with errors of certain names, and cannot do with what is no error.
 */
export class FailedAttemptError extends Error {
  override readonly name = 'FailedAttemptError';

  constructor(
    cause: unknown,
    readonly retryAfterMs: number | undefined,
  ) {
    super(messageOf(cause), { cause });
    this.stack = stackOf(cause);
  }
}

export function messageOf(error: unknown): string {
  const message = errorMessage(error);
  return message === RATE_LIMIT ? `Error: ${message}` : message;
}

export function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? messageOf(error)) : messageOf(error);
}
