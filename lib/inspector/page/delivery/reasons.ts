import type { DeliveryAnswer, DeliveryEntry } from '../../inspector.api.js';

/** In words. A code without them stands for itself. */
export function reasonOf({ reason = '' }: DeliveryEntry, calls: DeliveryAnswer['calls']): string | undefined {
  return calls.some(({ call }) => call.stage === 'given_up')
    ? 'A handler gave up on the event. It is kept as failed, to be run again or discarded.'
    : REASONS[reason];
}

const REASONS: Readonly<Record<string, string>> = {
  handled: 'Every handler has finished, or nobody listens to this type.',
  queued: 'The queue has the event; its handlers run apart from this request.',
  done: 'The event was processed before.',
  accepted: 'The event was queued before.',
  in_progress: 'Another delivery of the event is being worked on. The sender comes again.',
  late: 'The handlers took longer than the sender waits. They run on; the sender comes again.',
  failed: 'A handler threw. The sender comes again, and only what has not finished runs.',
  retry_later: 'A handler asked for a later retry.',
  out_of_turn: 'An older event of the same key is not finished yet.',
  store_unavailable: 'The store could not be reached. The sender comes again.',
  queue_unavailable: 'The queue could not be reached. The sender comes again.',
  shutting_down: 'The process was stopping. The sender comes again.',
  lease_lost: 'Another process has taken the event over.',
  body_too_large: 'The body is larger than maxBodyBytes.',
  content_encoding: 'The body is compressed: no signature covers what comes out.',
  body_unreadable: 'The body could not be read to its end.',
  too_many_unverified: 'Too many bytes of unverified requests are in memory.',
  raw_body_lost: 'Something read the body before this package: its exact bytes are gone.',
  secret_unavailable: 'The secret could not be fetched.',
  missing_headers: 'The request has no signature.',
  malformed_header: 'The signature’s header cannot be read.',
  timestamp_too_old: 'The signature is too old: a replay, or a clock that is fast here.',
  timestamp_too_new: 'The signature is from the future: a clock that is slow here.',
  signature_mismatch: 'The signature does not match: a forgery, another secret, or changed bytes.',
  event_too_old: 'The event happened longer ago than the endpoint accepts.',
  wrong_environment: 'The event is of another environment.',
  not_utf8: 'The body is not UTF-8.',
  not_json: 'The body is not JSON.',
  too_deep: 'The JSON is nested too deeply.',
  not_an_envelope: 'The JSON is not an event.',
};
