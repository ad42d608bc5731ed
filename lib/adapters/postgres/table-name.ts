export const DEFAULT_TABLE = 'scalekit_webhook_events';

const NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/;
/** PostgreSQL cuts names at 63 bytes; those of the index, the sequence and the functions are longer than the table's. */
const MAX_LENGTH = 48;

export interface TableName {
  /** As in SQL: quoted, so that its case counts. */
  readonly quoted: string;
  /** Without its schema. */
  readonly bare: string;
  /** The name, quoted and in the table's schema, of something that belongs to the table. */
  readonly withSuffix: (suffix: string) => string;
}

/** @throws TypeError for a name that would not be safe or not be kept whole */
export function readTableName(table: string): TableName {
  const parts = table.split('.');
  const bare = parts.at(-1) ?? '';
  if (parts.length > 2 || parts.some((part) => !NAME.test(part) || part.length > MAX_LENGTH)) {
    throw new TypeError(
      `PostgresIdempotencyStore: ${JSON.stringify(table)} can't be the table. Give it as "table" or "schema.table", ` +
        `each of letters, digits, "_" and "-", at most ${MAX_LENGTH} characters, and not beginning with a digit.`,
    );
  }
  const quoted = parts.map((part) => `"${part}"`).join('.');
  return { quoted, bare, withSuffix: (suffix) => `${quoted.slice(0, -1)}_${suffix}"` };
}
