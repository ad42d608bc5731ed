import { escapeControlCharacters } from './escape-control-characters.js';
import { PersonalWords } from './personal-words.js';

const MAX_MESSAGE = 5_000;
/** An error, its cause, the cause of that, and the errors of an AggregateError. */
const MAX_ERRORS = 10;
/** The letter at its end would be taken for a part of the word that it colors. */
const COLOR = /(\u001b\[[\d;]*m)/;
const FRAME = /^\s+at .*(?::\d+:\d+|<anonymous>|native|index \d+|0x[\da-f]+)\)?$/;

/**
 * What a handler threw, as text for a log: name, message and stack, then the same of each cause and of the errors of
 * an AggregateError. Messages come without the personal words of the event, since handlers put e-mail addresses into
 * their messages and databases quote the row that they refuse. The lines of a stack stay as they are.
 */
export function describeError(error: unknown, event: unknown, { stack = true } = {}): string {
  const personal = PersonalWords.of(event);
  return chainOf(error)
    .flatMap(({ thrown, label }) => [
      ...describeOne(thrown, label, personal),
      ...(stack ? framesOf(thrown) : []),
    ])
    .map(escapeControlCharacters)
    .join('\n');
}

/** The message of an error, or the text of whatever else was thrown. It may quote the payload. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : textOf(error);
}

interface Thrown {
  readonly thrown: unknown;
  readonly label: string;
}

/** The error first, then what caused it. Each comes once, so that a cycle ends. */
function chainOf(error: unknown): readonly Thrown[] {
  const chain: Thrown[] = [{ thrown: error, label: '' }];
  for (const { thrown } of chain) {
    const cause = read(thrown, 'cause');
    const errors = read(thrown, 'errors');
    const parts =
      unlessItThrows(() => (Array.isArray(errors) ? [...(errors as unknown[]).slice(0, MAX_ERRORS)] : [])) ??
      [];
    for (const [part, label] of [
      ...parts.map((one) => [one, 'One of them: ']),
      [cause, 'Caused by: '],
    ] as const) {
      const isNew = part !== undefined && !chain.some((known) => known.thrown === part);
      if (isNew && chain.length < MAX_ERRORS) {
        chain.push({ thrown: part, label: label as string });
      }
    }
  }
  return chain;
}

function describeOne(thrown: unknown, label: string, personal: PersonalWords | undefined): string[] {
  const message = read(thrown, 'message');
  const isError = typeof message === 'string';
  const name = isError ? textOf(read(thrown, 'name') ?? 'Error') : `a thrown ${typeof thrown}`;
  const text = isError ? [name, message].filter((part) => part !== '').join(': ') : textOf(thrown);
  const parts = shorten(text).split(COLOR);
  const cleansed = personal
    ? parts.map((part) => (COLOR.test(part) ? part : personal.cleanse(part))).join('')
    : `${name} (message withheld: the event is too large)`;
  return (label + cleansed).split('\n');
}

/** The last lines of the stack. A line of the message may look like them, so the message is taken off first. */
function framesOf(error: unknown): string[] {
  const message = read(error, 'message');
  const stack = read(error, 'stack');
  if (typeof message !== 'string') {
    return [];
  }
  const text = typeof stack === 'string' ? stack : '';
  const end = text.includes(message) ? text.indexOf(message) + message.length : 0;
  const lines = text.slice(end).split('\n');
  while (lines.some((line) => !FRAME.test(line))) {
    lines.shift();
  }
  return lines;
}

function shorten(text: string): string {
  return text.length > MAX_MESSAGE
    ? `${text.slice(0, MAX_MESSAGE).replace(/[^\s]*$/, '')}… (shortened)`
    : text;
}

/** Anything may be thrown, also what throws when it is looked at. */
function unlessItThrows<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

function read(value: unknown, property: string): unknown {
  return typeof value === 'object' && value !== null
    ? unlessItThrows<unknown>(() => Reflect.get(value, property))
    : undefined;
}

function textOf(value: unknown): string {
  return unlessItThrows(() => String(value)) ?? `a thrown ${typeof value}`;
}
