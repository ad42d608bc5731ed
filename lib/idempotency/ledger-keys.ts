import { createHash } from 'node:crypto';

/**
 * What all ledger keys of an endpoint begin with. Names and namespaces hold no slash and no colon, so two scopes never
 * share a key.
 */
export function scopeOf(namespace: string | undefined, endpoint: string): string {
  return namespace === undefined ? endpoint : `${namespace}/${endpoint}`;
}

/**
 * The ledger's key for an event. A scope holds no colon and an event id no control character (E4), so keys of
 * different kinds never collide. The part before the first newline names the event.
 */
export function eventKey(scope: string, eventId: string): string {
  return `${scope}:${eventId}`;
}

/** The key for one handler's job on an event. `run` sets a replay of all handlers apart. */
export function handlerKey(scope: string, eventId: string, handler: string, run = ''): string {
  return `${scope}:${eventId}\n${handler}${run && `\n${run}`}`;
}

/** The key that replays of an event hold. No handler has an empty name. */
export function replayKey(scope: string, eventId: string): string {
  return handlerKey(scope, eventId, '');
}

/** The key that the one process holds that catches up. */
export function catchUpKey(scope: string, job: string): string {
  return `${scope}\n\n${job}`;
}

/** The key for a `latestOnly` text. The text is hashed: it may be long, or hold characters that a store refuses. */
export function orderKey(scope: string, handler: string, text: string): string {
  return `${scope}\n${handler}\n${createHash('sha256').update(text).digest('base64url')}`;
}
