import type { ConnectionOptions } from 'bullmq';

/** A connection for receivers: what can't be sent now fails now, so that the sender is answered. */
export function failFast(connection: ConnectionOptions): ConnectionOptions {
  return isClient(connection) ? connection : { enableOfflineQueue: false, ...connection };
}

/**
 * A connection for workers, which wait until Redis is back.
 *
 * @see https://docs.bullmq.io/guide/going-to-production
 */
export function keepTrying(connection: ConnectionOptions): ConnectionOptions {
  return isClient(connection)
    ? connection
    : { ...connection, enableOfflineQueue: true, maxRetriesPerRequest: null };
}

/** True for a client that is connected, false for options that say how to connect. */
function isClient(connection: ConnectionOptions): boolean {
  return 'duplicate' in connection && typeof connection.duplicate === 'function';
}
