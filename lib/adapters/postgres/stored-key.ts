import { createHash } from 'node:crypto';

/** An index entry holds 2,704 bytes at most; https://www.postgresql.org/docs/current/btree.html#BTREE-LIMITS. */
const MAX_LENGTH = 512;
/** What PostgreSQL has no place for: https://www.postgresql.org/docs/current/datatype-character.html. */
const NOT_TEXT = /[\0\p{Surrogate}]/u;

/** Any string as one that a row can have for its key: one that the database would refuse would fail its whole batch. */
export function toStoredKey(key: string): string {
  return key.length <= MAX_LENGTH && !NOT_TEXT.test(key)
    ? key
    : `sha256:${createHash('sha256').update(key, 'utf16le').digest('hex')}`;
}

/** @throws TypeError */
export function assertText(handler: string): void {
  if (NOT_TEXT.test(handler)) {
    throw new TypeError(
      `PostgreSQL can't keep the handler name ${JSON.stringify(handler)}: it has U+0000 or half a surrogate pair.`,
    );
  }
}
