import type { LoggerService } from '@nestjs/common';
import { describeError } from '../shared/describe-error.js';
import { escapeControlCharacters } from '../shared/escape-control-characters.js';
import { hasErrorCode, retrySecondsOf } from '../scalekit-webhook.errors.js';
import type { VerifiedDelivery } from '../signature/verified-delivery.js';

interface Failure {
  readonly handler: string;
  readonly error: unknown;
  readonly delivery: { readonly event: Pick<VerifiedDelivery['event'], 'id' | 'type' | 'data'> };
  /** A number, or "2 of 8" and what comes next. */
  readonly attempt: number | string;
}

/** Logs what a handler threw: an error with its stack, or a warning without one if the event is only to come later. */
export function logFailure(
  logger: Required<Pick<LoggerService, 'warn' | 'error'>>,
  { handler, error, delivery: { event }, attempt }: Failure,
): void {
  const isPutOff = retrySecondsOf(error) !== undefined;
  const verdict = hasErrorCode(error, 'unrecoverable_event') ? 'gave up on' : 'failed on';
  const reason = describeError(error, event, { stack: !isPutOff });
  const text = `${handler} ${verdict} ${describeEvent(event)}, attempt ${attempt}: ${reason}`;
  if (isPutOff) {
    logger.warn(text);
  } else {
    logger.error(text);
  }
}

export function describeEvent({ id, type }: Pick<VerifiedDelivery['event'], 'id' | 'type'>): string {
  return escapeControlCharacters(`event ${id} (${type})`);
}
