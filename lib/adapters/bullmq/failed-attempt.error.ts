import { RateLimitError, UnrecoverableError } from 'bullmq';
import { messageOf } from '../../shared/describe-error.js';

/** BullMQ recognises its request to slow down by this message alone. */
const RATE_LIMIT = new RateLimitError().message;

/**
 * Tells BullMQ that an attempt failed: the message becomes the job's `failedReason`. The handler's own error is never
 * passed on, because BullMQ treats errors of certain names differently, and takes errors only.
 */
export class FailedAttemptError extends Error {
  override readonly name = 'FailedAttemptError';

  constructor(
    cause: unknown,
    readonly retryAfterMs: number | undefined,
  ) {
    super(reasonOf(cause), { cause });
    this.stack = stackOf(cause);
  }
}

/** Makes the job a dead letter at once. */
export class GivenUpError extends UnrecoverableError {
  constructor(cause: unknown) {
    super(reasonOf(cause));
    this.stack = stackOf(cause);
  }
}

/** Whether the failure has been logged when the handler failed. BullMQ has others, such as a job that stalled too often. */
export function isReported(error: Error): boolean {
  return error instanceof FailedAttemptError || error instanceof GivenUpError;
}

function reasonOf(error: unknown): string {
  const message = messageOf(error);
  return message === RATE_LIMIT ? `Error: ${message}` : message;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? reasonOf(error)) : reasonOf(error);
}
