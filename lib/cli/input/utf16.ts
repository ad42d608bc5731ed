export const UTF16_CURE =
  'The ">" of Windows PowerShell writes UTF-16: save the file as UTF-8, with an editor or with ' +
  '[IO.File]::WriteAllText($path, $text).';

/** True for UTF-16 text with a byte order mark, or without one if it begins with an ASCII character. */
export function isUtf16(bytes: Uint8Array): boolean {
  return encodingOf(bytes) !== undefined;
}

/** The text of UTF-16 bytes, without the byte order mark. Undefined for any other bytes. */
export function decodeUtf16(bytes: Uint8Array): string | undefined {
  const encoding = encodingOf(bytes);
  return encoding && new TextDecoder(encoding).decode(bytes);
}

function encodingOf([first, second]: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  if (first === undefined || second === undefined) return undefined;
  if ((first === 0xff && second === 0xfe) || (first !== 0 && second === 0)) return 'utf-16le';
  return (first === 0xfe && second === 0xff) || (first === 0 && second !== 0) ? 'utf-16be' : undefined;
}
