import { type Command, InvalidArgumentError, Option } from 'commander';
import { WEBHOOK_SCHEMES } from '../../signature/webhook-scheme.js';
import type { ExitCode } from '../cli.error.js';
import type { Output } from '../output/output.js';
import type { HeaderLines } from '../verify/received-headers.js';

/** Makes a commander action: gives it the output, and makes its result the exit code. */
export type RunCommand = (action: (output: Output) => ExitCode | Promise<ExitCode>) => () => Promise<void>;

export const schemeOption = () =>
  new Option('--scheme <name>', 'how deliveries are signed').choices(WEBHOOK_SCHEMES);

export const jsonOption = () => new Option('--json', 'print one JSON document instead of text');

export const yesOption = () => new Option('-y, --yes', "don't ask before sending to another machine");

export const headerOption = (what: string) =>
  new Option('--header <line>', `${what} as 'name: value', repeated for each`)
    .default([])
    .argParser(addHeader);

function addHeader(line: string, before: HeaderLines): HeaderLines {
  const colon = line.indexOf(':');
  if (colon <= 0) {
    throw new InvalidArgumentError("It must be 'name: value'.");
  }
  return [...before, [line.slice(0, colon).trim(), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')]];
}

/** Adds the options that give a secret. `inline` adds `--secret`, for test secrets: other users can read a command line. */
export function withSecretOptions(command: Command, { inline }: { readonly inline: boolean }): Command {
  command
    .option('--secret-file <file>', 'read the signing secret from a file (- for standard input)')
    .option(
      '--env-file <file>',
      'read SCALEKIT_WEBHOOK_SECRET and PORT from a file (default: .env, if it is there)',
    );
  return inline
    ? command.option('--secret <secret>', 'the signing secret, visible to others in ps and in your history')
    : command;
}

/** A parser for whole numbers of a range. Its error does not repeat the text. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}

export const MOMENTS = '30d, 12h, 90m, or a date such as 2026-11-01';

const MINUTE = 60_000;
const UNITS: Readonly<Record<string, number>> = { d: 1_440 * MINUTE, h: 60 * MINUTE, m: MINUTE };

/** `Date.parse` takes `1w` for January 2001. */
const DATE = /^\d{4}-\d\d-\d\d(?:[T ]|$)/;

/** Milliseconds since 1970, of a duration before now or of a date. NaN for any other text. */
export function momentOf(text: string, now = Date.now()): number {
  const [, count, unit = ''] = /^(\d{1,6})([dhm])$/.exec(text) ?? [];
  if (count !== undefined) {
    return now - Number(count) * (UNITS[unit] ?? NaN);
  }
  return DATE.test(text) ? Date.parse(text) : NaN;
}
