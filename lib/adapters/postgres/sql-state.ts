/** The five characters of https://www.postgresql.org/docs/current/errcodes-appendix.html, also of a wrapped error. */
export function sqlStateOf(error: unknown): string | undefined {
  for (let each = error; each instanceof Error; each = innerErrorOf(each)) {
    if ('code' in each && typeof each.code === 'string' && /^[0-9A-Z]{5}$/.test(each.code)) {
      return each.code;
    }
  }
  return undefined;
}

/** TypeORM keeps it as `driverError`, Drizzle as `cause`. */
function innerErrorOf(error: Error): unknown {
  return 'driverError' in error ? error.driverError : error.cause;
}

/** A table, function or procedure is missing. `migrate` creates all of them together. */
export const isSchemaMissing = (error: unknown) => /^42(P01|883)$/.test(sqlStateOf(error) ?? '');

/** A deadlock. */
export const isConflict = (error: unknown) => sqlStateOf(error) === '40P01';

/** The transaction is read-only. */
export const isReadOnly = (error: unknown) => sqlStateOf(error) === '25006';

/** Read-only, a `lock_timeout`, or a serialization failure, which READ COMMITTED never has. */
export const isWrongMode = (error: unknown) => /^(25006|40001|55P03)$/.test(sqlStateOf(error) ?? '');

/** The schema is older than the procedure, or the client sends everything within a transaction. */
export const isProcedureRefused = (error: unknown) => /^(42883|2D000)$/.test(sqlStateOf(error) ?? '');

/** PostgreSQL, a constraint or a trigger refused a value or its size; the server itself works. */
export const isRefusedValue = (error: unknown) => /^(22|23|54|P0)/.test(sqlStateOf(error) ?? '');
