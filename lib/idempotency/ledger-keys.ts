import { createHash } from 'node:crypto';

/**
 * The keys under which the ledger asks its store. The name of an endpoint holds no colon and the id of an event no
 * control character (E4), so no key can be mistaken for another; the part before the first newline is the event.
 */
export function eventKey(endpoint: string, eventId: string): string {
  return `${endpoint}:${eventId}`;
}

/** For one handler of an event that is worked on apart. A replay of all handlers is a run of its own. */
export function handlerKey(endpoint: string, eventId: string, handler: string, run = ''): string {
  return `${endpoint}:${eventId}\n${handler}${run && `\n${run}`}`;
}

/** For a replay of an event. No handler has an empty name. */
export function replayKey(endpoint: string, eventId: string): string {
  return handlerKey(endpoint, eventId, '');
}

/** For what a handler sees in order. Hashed: the user's text may be long, or hold what a store can't. */
export function orderKey(endpoint: string, handler: string, text: string): string {
  return `${endpoint}\n${handler}\n${createHash('sha256').update(text).digest('base64url')}`;
}
