import { createHash } from 'node:crypto';

export const DEFAULT_TABLE = 'scalekit_webhook_events';

const NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/;
/** PostgreSQL cuts names at 63 bytes. Names of the index, the functions and the other tables add up to 15 to this one. */
const MAX_NAME_LENGTH = 48;

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
  if (parts.length > 2 || parts.some((part) => !NAME.test(part) || part.length > MAX_NAME_LENGTH)) {
    throw new TypeError(
      `PostgresIdempotencyStore: ${JSON.stringify(table)} can't be the table. Give it as "table" or "schema.table", ` +
        `each of letters, digits, "_" and "-", at most ${MAX_NAME_LENGTH} characters, and not beginning with a digit.`,
    );
  }
  const quoted = parts.map((part) => `"${part}"`).join('.');
  return {
    quoted,
    withSuffix: (suffix) => `${quoted.slice(0, -1)}_${suffix}"`,
    bareWithSuffix: (suffix) => `"${parts.at(-1) ?? ''}_${suffix}"`,
  };
}

/** An index entry holds 2,704 bytes at most; https://www.postgresql.org/docs/current/btree.html#BTREE-LIMITS. */
const MAX_KEY_LENGTH = 512;
const ASCII = /^[\n -~]*$/;
/** What PostgreSQL has no place for: https://www.postgresql.org/docs/current/datatype-character.html. */
const NOT_TEXT = /[\0\p{Surrogate}]/u;

/**
 * Any string as one that a row can have for its key, in a database of any encoding: one that the database would refuse
 * would fail its whole batch.
 */
export function toStoredKey(key: string): string {
  return key.length <= MAX_KEY_LENGTH && ASCII.test(key)
    ? key
    : `sha256:${createHash('sha256').update(key, 'utf16le').digest('hex')}`;
}

/** The same JSON. A database may have an encoding that lacks characters of an event. */
export function inAscii(json: string): string {
  return json.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** @throws TypeError */
export function assertText(handler: string): void {
  if (NOT_TEXT.test(handler)) {
    throw new TypeError(
      `PostgreSQL can't keep the handler name ${JSON.stringify(handler)}: it has U+0000 or half a surrogate pair.`,
    );
  }
}
