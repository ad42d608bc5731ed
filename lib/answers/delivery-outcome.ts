/**
 * The result of a delivery.
 *
 * - `handled`: its handlers have finished, or it has none
 * - `queued`: its handlers run later
 * - `duplicate`: the event was done, or queued, before
 * - `in_progress`: another delivery of the event is being worked on
 * - `late`: its handlers still run, and the sender has to come again
 * - `failed`: a handler threw, or a server that is needed was away
 * - `refused`: it is not authentic, not an event, or not wanted
 *
 * @publicApi
 */
export type DeliveryOutcome =
  'handled' | 'queued' | 'duplicate' | 'in_progress' | 'late' | 'failed' | 'refused';
