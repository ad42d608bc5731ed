const UNSAFE = /[%{}]|\p{Surrogate}/gu;

/**
 * The part before the first newline is the event: it is the hash tag, so that everything about one event is in one
 * slot of a Cluster. Braces are escaped, for a tag ends at the first one that closes, and so are halves of surrogate
 * pairs, which UTF-8 can't tell apart.
 *
 * @see https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
 */
export function rowKey(prefix: string, key: string): string {
  const newline = key.indexOf('\n');
  const end = newline === -1 ? key.length : newline;
  // A tag must not be empty. No event gives `%` alone, because it is not an escape.
  const tag = escape(key.slice(0, end)) || '%';
  return `${prefix}{${tag}}${escape(key.slice(end))}`;
}

function escape(text: string): string {
  return text.replace(UNSAFE, (character) => `%${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
