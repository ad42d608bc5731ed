import type { PostgresClient } from './postgres-client.js';

/** A single `pg` Client: it is one connection, and takes no query while another is under way from version 9 on. */
export function oneAtATime(client: PostgresClient): PostgresClient {
  if (!('processID' in client)) {
    return client;
  }
  let last: Promise<unknown> = Promise.resolve();
  return {
    query: (text, values) => {
      const result = last.then(() => client.query(text, values));
      last = result.catch(() => undefined);
      return result;
    },
  };
}
