const PIECE = 6;

/** Those pieces of a secret, six characters long, that occur in the texts. Its public prefix does not count. */
export function leaksOf(secret: string, texts: readonly string[]): string[] {
  const text = texts.join('\n');
  const hidden = secret.replace(/^(?:whsec_|whsk_|whpk_|v1,)/, '').trim();
  const last = Math.max(1, hidden.length - PIECE + 1);
  const pieces = Array.from({ length: last }, (_, start) => hidden.slice(start, start + PIECE));
  return pieces.filter((piece) => piece !== '' && text.includes(piece));
}
