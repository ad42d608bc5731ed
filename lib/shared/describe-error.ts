import { escapeControlCharacters } from './escape-control-characters.js';

const REDACTED = '[redacted]';
/** Each value is looked for in the whole text, while nothing else runs. */
const MAX_VALUES = 2_000;
const MAX_TEXT = 50_000;

/**
 * Name, message and stack of what a handler threw, without the payload: handlers put e-mail addresses into
 * their messages and databases quote the row they refuse, so every value of `data` is cut out of the text.
 */
export function describeError(error: unknown, data: unknown): string {
  const text = textOf(error);
  const values = collectValues(data);
  if (values === undefined || text.length > MAX_TEXT) {
    return `${error instanceof Error ? error.name : typeof error} (message withheld: too large to redact)`;
  }
  return redact(text, values).split('\n').map(escapeControlCharacters).join('\n');
}

/** Handlers may throw anything, also what has no text. */
function textOf(error: unknown): string {
  try {
    return String(error instanceof Error ? (error.stack ?? `${error.name}: ${error.message}`) : error);
  } catch {
    return `a thrown ${typeof error}`;
  }
}

function redact(text: string, values: readonly string[]): string {
  const haystack = foldCase(text);
  const isSecret = new Uint8Array(text.length);
  for (const value of values) {
    const needle = foldCase(value);
    for (let at = haystack.indexOf(needle); at !== -1; at = haystack.indexOf(needle, at + needle.length)) {
      if (!isPartOfWord(haystack, at, needle)) {
        isSecret.fill(1, at, at + needle.length);
      }
    }
  }
  return Array.from(isSecret, (secret, at) =>
    secret === 0 ? text.charAt(at) : isSecret[at - 1] === 1 ? '' : REDACTED,
  ).join('');
}

/** Of the same length, so that a place in the one text is that place in the other: `İ` would become two characters. */
function foldCase(text: string): string {
  return text.replace(/\p{Lu}/gu, (letter) => {
    const lower = letter.toLowerCase();
    return lower.length === letter.length ? lower : letter;
  });
}

/** "Bo" is a name, but not in "both". */
function isPartOfWord(text: string, at: number, value: string): boolean {
  return (
    /^\w\w$/.test(value) && (/\w/.test(text.charAt(at - 1)) || /\w/.test(text.charAt(at + value.length)))
  );
}

/** The payload's values as messages quote them; undefined when there are too many to look for. */
function collectValues(data: unknown): string[] | undefined {
  const found = new Set<string>();
  const open: unknown[] = [data];
  for (const value of open) {
    if (open.length > MAX_VALUES) {
      return undefined;
    }
    if (typeof value === 'object' && value !== null) {
      for (const child of Object.values(value) as unknown[]) {
        open.push(child);
      }
    } else if (typeof value === 'string' && value.length > 1) {
      found.add(value).add(JSON.stringify(value).slice(1, -1));
      found.add(urlEncoded(value)).add(urlEncoded(value).replaceAll('%20', '+'));
    } else if (typeof value === 'number' && String(value).length > 2) {
      found.add(String(value));
    }
  }
  return [...found];
}

function urlEncoded(value: string): string {
  try {
    return encodeURIComponent(value);
  } catch {
    return value; // A lone surrogate has no encoding.
  }
}
