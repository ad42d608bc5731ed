/** Quotes any text as one word of a POSIX shell. */
export function shellQuote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** A POSIX command that prints the text, written in visible ASCII only. */
export function shellPrintf(text: string): string {
  const written = Array.from(Buffer.from(text), (byte) => {
    const letter = String.fromCharCode(byte);
    if (letter === '%' || letter === '\\') return letter + letter;
    return /[ -&(-~]/.test(letter) ? letter : `\\${byte.toString(8).padStart(3, '0')}`;
  });
  return `printf '${written.join('')}'`;
}
