import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';

/**
 * - `events_unavailable`: Scalekit's API did not answer, or told to come later too often. The next run goes on.
 * - `events_refused`: it refuses this client, or the call itself. Mend the credentials or the SDK.
 * - `events_differ`: an event that came by webhook is not in the list, or its data differs. Nothing is handed on.
 * - `catch_up_interrupted`: store or queue were away, or too many handlers failed. The next run goes on.
 * - `catch_up_running`: another process runs the same now, or catches up by itself (`every`).
 * - `no_catch_up`: the endpoint has no option `catchUp`.
 *
 * @publicApi
 */
export type CatchUpErrorCode =
  | 'events_unavailable'
  | 'events_refused'
  | 'events_differ'
  | 'catch_up_interrupted'
  | 'catch_up_running'
  | 'no_catch_up';

/**
 * Why a run of catching up ended early.
 *
 * @publicApi
 */
export class CatchUpError extends ScalekitWebhookError<CatchUpErrorCode> {}

/** gRPC's codes, as HTTP has them. */
const HTTP_STATUS: Readonly<Record<number, number>> = {
  3: 400,
  5: 404,
  7: 403,
  8: 429,
  9: 400,
  11: 400,
  12: 501,
  16: 401,
};

/** The HTTP status of an error: of the SDK's exceptions, of Connect, or of whatever has a `status`. */
export function statusOf(error: unknown): number | undefined {
  const { httpStatus, status, code } = (error ?? {}) as Record<string, unknown>;
  const known = [httpStatus, status].find((each) => typeof each === 'number');
  return known ?? (typeof code === 'number' ? HTTP_STATUS[code] : undefined);
}

/** What the API asks for, where the client hands it on (the SDK does not): `Retry-After` in seconds. */
export function retryAfterMsOf(error: unknown): number | undefined {
  const { retryAfterSeconds, metadata } = (error ?? {}) as Record<string, unknown>;
  const told = retryAfterSeconds ?? (metadata instanceof Headers ? metadata.get('retry-after') : undefined);
  const seconds = told === null || told === '' ? NaN : Number(told);
  return seconds >= 0 ? seconds * 1_000 : undefined;
}
