/**
 * Makes a test for the types that a pattern matches. `*` stands for any run of characters, dots and the empty run
 * included; all else stands for itself. A pattern without `*` is compared by `===`.
 *
 * The leftmost place is always right for a piece between two `*`, so nothing is tried twice: no pattern and no type,
 * however made, takes more than one pass.
 */
export function compileEventPattern(pattern: string): (type: string) => boolean {
  const [head = '', ...pieces] = pattern.split('*');
  const tail = pieces.pop();
  if (tail === undefined) return (type) => type === pattern;

  return (type) => {
    if (!type.startsWith(head)) return false;
    let from = head.length;
    for (const piece of pieces) {
      const at = type.indexOf(piece, from);
      if (at === -1) return false;
      from = at + piece.length;
    }
    return type.length - from >= tail.length && type.endsWith(tail);
  };
}
