import type { ConnectionOptions } from 'bullmq';

/** Something that is connected, rather than how to connect. */
function isClient(connection: ConnectionOptions): boolean {
  return 'duplicate' in connection && typeof connection.duplicate === 'function';
}

/** For who answers a sender: what can't be sent now fails now. */
export function impatient(connection: ConnectionOptions): ConnectionOptions {
  return isClient(connection) ? connection : { enableOfflineQueue: false, ...connection };
}

/**
 * For a worker, which waits until Redis is back.
 *
 * @see https://docs.bullmq.io/guide/going-to-production
 */
export function patient(connection: ConnectionOptions): ConnectionOptions {
  return isClient(connection)
    ? connection
    : { ...connection, enableOfflineQueue: true, maxRetriesPerRequest: null };
}
