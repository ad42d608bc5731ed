/** A name with more edits is not treated as a typing error. */
const MAX_EDITS = 3;

/**
 * The known type that was probably meant by an unknown one: the type with the fewest edits (at most three, and at most
 * a quarter of the name), or else the type that ends with this one (`directory.group_created`). The first of equals
 * wins; undefined if none is near. Letter case does not count.
 */
export function nearestEventType(type: string, known: Iterable<string>): string | undefined {
  const wanted = type.toLowerCase();
  let nearest: string | undefined;
  let fewest = Math.min(MAX_EDITS, Math.floor(wanted.length / 4)) + 1;
  let continued: string | undefined;

  for (const candidate of known) {
    const name = candidate.toLowerCase();
    const edits = editDistance(wanted, name, fewest);
    if (edits < fewest) [nearest, fewest] = [candidate, edits];
    if (wanted !== '' && name.endsWith(`.${wanted}`)) continued ??= candidate;
  }
  return nearest ?? continued;
}

/** Edits (insert, delete, replace a character; swap two neighbours) from `a` to `b`, or `limit` if not fewer. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;

  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let edits = Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        edits = Math.min(edits, at(beforeLast, column - 2) + 1);
      }
      current.push(edits);
    }
    if (Math.min(...current) >= limit) return limit;
    [beforeLast, last] = [last, current];
  }
  return Math.min(at(last, b.length), limit);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity;
}
