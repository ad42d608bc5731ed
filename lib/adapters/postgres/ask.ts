import { StoreUnavailableError } from '../../idempotency/store-unavailable.error.js';
import type { PostgresClient } from './postgres-client.js';
import { isConflict, isSchemaMissing } from './sql-state.js';

const MAX_ATTEMPTS = 4;

/** Sends one of the store's statements, and reads what it answers. */
export async function ask<Answer>(
  client: PostgresClient,
  statement: string,
  parameter: unknown,
): Promise<Answer> {
  try {
    const result = await client.query(statement, [JSON.stringify(parameter)]);
    return JSON.parse(readAnswers(result)) as Answer;
  } catch (cause) {
    throw isSchemaMissing(cause)
      ? new StoreUnavailableError(
          'The table of the store or its functions are not there: call its migrate() when the app starts.',
          { cause },
        )
      : cause;
  }
}

/** Outside of a transaction, a statement that lost a conflict did nothing and can be sent again. */
export async function askUntilNoConflict<Answer>(
  client: PostgresClient,
  statement: string,
  parameter: unknown,
): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask(client, statement, parameter);
    } catch (error) {
      if (attempt === MAX_ATTEMPTS || !isConflict(error)) {
        throw error;
      }
    }
  }
}

function readAnswers(result: Awaited<ReturnType<PostgresClient['query']>>): string {
  const [row] = 'rows' in result ? result.rows : result;
  if (row && 'answers' in row && typeof row.answers === 'string') {
    return row.answers;
  }
  throw new TypeError(
    'PostgresIdempotencyStore: query() of the client gave no rows. It must resolve to an array of them, or to an object ' +
      'with such an array as its `rows`.',
  );
}
