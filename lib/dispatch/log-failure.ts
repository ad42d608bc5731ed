import type { LoggerService } from '@nestjs/common';
import { describeError } from '../shared/describe-error.js';
import { escapeControlCharacters } from '../shared/escape-control-characters.js';
import { hasErrorCode } from '../scalekit-webhook.errors.js';
import type { VerifiedDelivery } from '../signature/verified-delivery.js';

interface Failure {
  readonly handler: string;
  readonly error: unknown;
  readonly delivery: VerifiedDelivery;
  readonly attempt: number;
}

/** A warning where the handler only asked for a later time, else an error. */
export function logFailure(
  logger: Required<Pick<LoggerService, 'warn' | 'error'>>,
  { handler, error, delivery: { event }, attempt }: Failure,
): void {
  const verdict = hasErrorCode(error, 'unrecoverable_event') ? 'gave up on' : 'failed on';
  const text = `${handler} ${verdict} ${describeEvent(event)}, attempt ${attempt}: ${describeError(error, event)}`;
  if (hasErrorCode(error, 'retry_later') || hasErrorCode(error, 'out_of_turn')) {
    logger.warn(text);
  } else {
    logger.error(text);
  }
}

export function describeEvent({ id, type }: VerifiedDelivery['event']): string {
  return escapeControlCharacters(`event ${id} (${type})`);
}
