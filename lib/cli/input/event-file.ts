import { InvalidArgumentError } from 'commander';
import { CliError } from '../cli.error.js';
import { readUtf8 } from './read-file.js';

export type Fields = Record<string, unknown>;

/**
 * A collector for commander: `user.name=Ada` becomes `{ user: { name: 'Ada' } }`. A value that is JSON is taken as
 * JSON, any other as text.
 */
export function addField(assignment: string, before: Fields): Fields {
  const [, path, text] = /^([^=]+)=([^]*)$/.exec(assignment) ?? [];
  const names = path?.split('.') ?? [];
  if (text === undefined || names.some((name) => name === '' || name === '__proto__')) {
    throw new InvalidArgumentError("It must be 'name=value' or 'outer.inner=value'.");
  }
  return put(before, names, parseValue(text));
}

function put(fields: Fields, [name = '', ...rest]: readonly string[], value: unknown): Fields {
  const inner = Object.hasOwn(fields, name) && isFields(fields[name]) ? fields[name] : {};
  return { ...fields, [name]: rest.length === 0 ? value : put(inner, rest, value) };
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** What --file holds: a whole event, or the payload of one. */
export interface EventFile {
  readonly text: string;
  readonly value: Fields;
  readonly isEvent: boolean;
}

/** @throws CliError `bad_input` */
export async function readEventFile(file: string): Promise<EventFile> {
  const text = String(await readUtf8(file, 'the file of --file')).replace(/^\ufeff/, '');
  const value = parseValue(text);
  if (!isFields(value)) {
    throw new CliError('bad_input', 'The file of --file is not a JSON object.');
  }
  return { text, value, isEvent: typeof value.type === 'string' && isFields(value.data) };
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
