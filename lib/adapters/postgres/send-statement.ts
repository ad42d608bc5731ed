import { StoreUnavailableError } from '../../idempotency/idempotency.errors.js';
import type { PostgresClient } from './postgres-client.js';
import { isConflict, isProcedureRefused, isReadOnly, isSchemaMissing, isWrongMode } from './sql-state.js';
import type { TableName } from './names.js';

const MAX_ATTEMPTS = 6;
/** Stands for `$1` in a statement that is a text within another. */
const CALLS = '@calls';

export function tooSlow(call: string, timeoutMs: number): StoreUnavailableError {
  return new StoreUnavailableError(
    `PostgreSQL did not answer ${call} within ${timeoutMs} ms: it is unreachable or too slow, or the client has no free ` +
      'connection.',
  );
}

/** Sends one of the store's statements, and reads its answer. A parameter that is a string is JSON already. */
export async function send<Answer>(
  client: PostgresClient,
  statement: string,
  parameter: unknown,
): Promise<Answer> {
  try {
    const result = await client.query(statement, [
      typeof parameter === 'string' ? parameter : JSON.stringify(parameter),
    ]);
    return JSON.parse(readAnswers(result)) as Answer;
  } catch (cause) {
    throw isSchemaMissing(cause)
      ? new StoreUnavailableError(
          'A table or function of the store is missing: call migrate() of the store when the app starts.',
          { cause },
        )
      : cause;
  }
}

/**
 * Sends statements that are not part of a transaction. A statement that lost a conflict did nothing, so it is sent again.
 *
 * The statements are written for READ COMMITTED. Where a connection's defaults are stricter, one of them fails for that
 * reason; from then on each is sent through a procedure that asks for what they need. (A function can't:
 * its transaction has begun. BEGIN and COMMIT around each would take three round trips and hold a connection.)
 */
export class StatementSender {
  private readonly client: PostgresClient;
  private usesProcedure = false;
  private isProcedureUsable = true;

  constructor(
    client: PostgresClient,
    private readonly table: TableName,
  ) {
    this.client = oneAtATime(client);
  }

  async send<Answer>(statement: string, parameter: unknown): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      const { usesProcedure } = this;
      try {
        return await send(
          this.client,
          usesProcedure ? this.throughProcedure(statement) : statement,
          parameter,
        );
      } catch (error) {
        if (usesProcedure && isProcedureRefused(error)) {
          this.isProcedureUsable = this.usesProcedure = false;
        } else if (attempt === MAX_ATTEMPTS || !(isConflict(error) || isWrongMode(error))) {
          throw error;
        } else if (isWrongMode(error)) {
          this.usesProcedure = this.isProcedureUsable;
        }
      }
    }
  }

  /** Creates what the store needs. */
  async migrate(sql: string): Promise<void> {
    try {
      await this.client.query(sql, []);
    } catch (error) {
      if (!isReadOnly(error)) {
        throw error;
      }
      await this.client.query(
        `DO $read_write$ BEGIN COMMIT; SET TRANSACTION READ WRITE; EXECUTE $sql$${sql}$sql$; END $read_write$`,
        [],
      );
    }
  }

  /** The text has no `$` but that of `$1`: some wrappers of a client replace every one that they see. */
  private throughProcedure(statement: string): string {
    const quoted = statement.replaceAll('$1', CALLS).replaceAll("'", "''");
    return `CALL ${this.table.withSuffix('read_committed')}($1::text, '${quoted}', NULL)`;
  }
}

/** Runs a statement of the store in a transaction of its own, whatever the defaults of the connection are. */
export function procedureSql({ withSuffix }: TableName): string {
  return `CREATE OR REPLACE PROCEDURE ${withSuffix('read_committed')}(calls text, statement text, INOUT answers text)
LANGUAGE plpgsql AS $procedure$
BEGIN
  COMMIT;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE;
  SET LOCAL lock_timeout = 0;
  EXECUTE replace(statement, '${CALLS}', '$1') INTO answers USING calls;
END
$procedure$;`;
}

/** A single `pg` Client is one connection, and from version 9 on takes no query while another is under way. */
function oneAtATime(client: PostgresClient): PostgresClient {
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

function readAnswers(result: Awaited<ReturnType<PostgresClient['query']>>): string {
  const [row] = 'rows' in result ? result.rows : result;
  if (row && 'answers' in row && typeof row.answers === 'string') {
    return row.answers;
  }
  throw new TypeError(
    'PostgresIdempotencyStore: query() of the client gave no rows with texts. It must resolve to an array of rows, or to an ' +
      'object with such an array as its `rows`, and leave columns of type text as they are.',
  );
}
