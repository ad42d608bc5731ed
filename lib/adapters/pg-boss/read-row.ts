/**
 * What pg-boss hands over, whatever type parsers the application has set on `pg` (`types.setTypeParser` is global): JSON
 * may come as text, numbers as text or as BigInt, ids as objects or bytes.
 */
export function jsonOf(value: unknown): unknown {
  if (typeof value !== 'string') {
    return value;
  }
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

export function numberOf(value: unknown): number {
  return Number(value);
}

/** UUIDs in the form that PostgreSQL writes. */
export function textOf(value: unknown): string {
  const text = value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value);
  return /^[0-9a-f]{32}$/i.test(text)
    ? text.toLowerCase().replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
    : text.toLowerCase();
}
