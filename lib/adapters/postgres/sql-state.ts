/** The five characters of https://www.postgresql.org/docs/current/errcodes-appendix.html, whoever wrapped the error. */
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

/** The table, or a function, which is made with it. */
export const isSchemaMissing = (error: unknown) => /^42(P01|883)$/.test(sqlStateOf(error) ?? '');

/** A deadlock or a serialization failure: nothing of the statement took effect. */
export const isConflict = (error: unknown) => /^40(P01|001)$/.test(sqlStateOf(error) ?? '');

/** A value or its size was refused, not the server out of order. */
export const isRefusedValue = (error: unknown) => /^(22|54)/.test(sqlStateOf(error) ?? '');
