/** Keeps a sender's text on one log line, in its order: controls, line separators and bidirectional marks become `\u….`. */
export function escapeControlCharacters(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, escapeUnits);
}

/**
 * Makes text from outside safe for a terminal: escapes whatever is not seen as itself, such as controls, bidirectional
 * and other format characters, lone surrogates and line separators. Line feeds and tabs stay. In JSON text the escapes
 * mean the same characters.
 */
export function escapeInvisibleCharacters(text: string): string {
  return text.replace(/(?![\n\t])[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu, escapeUnits);
}

/** Writes each UTF-16 unit as `\u….`, as JSON does. */
function escapeUnits(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
