import { escapeControlCharacters } from './escape-control-characters.js';

const REDACTED = '[redacted]';
const MAX_VALUES = 5_000;
const MIN_LENGTH = 3;

/**
 * Name, message and stack of what a handler threw, without the payload: handlers put e-mail addresses into
 * their messages and databases quote the row they refuse, so every value of `data` is cut out of the text.
 */
export function describeError(error: unknown, data: unknown): string {
  const text = error instanceof Error ? (error.stack ?? `${error.name}: ${error.message}`) : String(error);
  const values = collectValues(data);
  if (values === undefined) {
    return error instanceof Error
      ? `${error.name} (message withheld: the payload is too large to redact)`
      : REDACTED;
  }
  return text
    .split('\n')
    .map((line) => escapeControlCharacters(redact(line, values)))
    .join('\n');
}

function redact(text: string, values: readonly string[]): string {
  let redacted = text;
  for (const value of values) {
    redacted = replaceIgnoringCase(redacted, value);
  }
  return redacted;
}

function replaceIgnoringCase(text: string, value: string): string {
  const haystack = text.toLowerCase();
  const needle = value.toLowerCase();
  let result = '';
  let from = 0;
  for (let at = haystack.indexOf(needle); at !== -1; at = haystack.indexOf(needle, from)) {
    result += text.slice(from, at) + REDACTED;
    from = at + needle.length;
  }
  return result + text.slice(from);
}

/** The payload's strings and numbers, longest first; undefined when there are too many to look for. */
function collectValues(data: unknown): string[] | undefined {
  const values = new Set<string>();
  const open: unknown[] = [data];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === 'object' && value !== null) {
      open.push(...Object.values(value));
    } else if (
      (typeof value === 'string' || typeof value === 'number') &&
      String(value).length >= MIN_LENGTH
    ) {
      values.add(String(value));
    }
    if (values.size + open.length > MAX_VALUES) {
      return undefined;
    }
  }
  return [...values].sort((a, b) => b.length - a.length);
}
