export const DEFAULT_TABLE = 'scalekit_webhook_events';

const NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/;
/** PostgreSQL cuts names at 63 bytes. Names of the index, the functions and the other tables add up to 15 to this one. */
const MAX_LENGTH = 48;

export interface TableName {
  /** As in SQL: quoted, so that upper and lower case differ. */
  readonly quoted: string;
  /** The quoted name, in the table's schema, of an object that belongs to the table. */
  readonly withSuffix: (suffix: string) => string;
  /** The same without the schema: indexes are created in the schema of their table. */
  readonly bareWithSuffix: (suffix: string) => string;
}

/** @throws TypeError for a name that would be unsafe or cut */
export function readTableName(table: string): TableName {
  const parts = table.split('.');
  if (parts.length > 2 || parts.some((part) => !NAME.test(part) || part.length > MAX_LENGTH)) {
    throw new TypeError(
      `PostgresIdempotencyStore: ${JSON.stringify(table)} can't be the table. Give it as "table" or "schema.table", ` +
        `each of letters, digits, "_" and "-", at most ${MAX_LENGTH} characters, and not beginning with a digit.`,
    );
  }
  const quoted = parts.map((part) => `"${part}"`).join('.');
  return {
    quoted,
    withSuffix: (suffix) => `${quoted.slice(0, -1)}_${suffix}"`,
    bareWithSuffix: (suffix) => `"${parts.at(-1) ?? ''}_${suffix}"`,
  };
}
