import { describe, expect, it } from 'vitest';
import { escapeControlCharacters } from '../../../lib/shared/escape-control-characters.js';

describe('escapeControlCharacters', () => {
  it.each([
    ['a line break', 'a\r\nb', 'a\\u000d\\u000ab'],
    ['a terminal escape', '\u001b[2J', '\\u001b[2J'],
    ['U+0000', 'a\u0000b', 'a\\u0000b'],
    ['delete', '\u007f', '\\u007f'],
    ['a C1 control', '\u009b31m', '\\u009b31m'],
    ['next line', 'a\u0085b', 'a\\u0085b'],
    ['what turns the direction of text around', '\u202e\u2066\u200f', '\\u202e\\u2066\\u200f'],
    ['the line and paragraph separators', '\u2028\u2029', '\\u2028\\u2029'],
  ])('escapes %s', (_, text, escaped) => {
    expect(escapeControlCharacters(text)).toBe(escaped);
  });

  it('leaves all else as it is', () => {
    const text = 'Zoë Müller <zoe@example.com> 漢字 🎉 \\u000a';
    expect(escapeControlCharacters(text)).toBe(text);
  });
});
