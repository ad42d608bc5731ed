import { readFileSync } from 'node:fs';
import { CliError } from '../cli.error.js';

/** More than any delivery, less than what would fill the memory by mistake. */
const MOST_BYTES = 64 * 1024 * 1024;
const STANDARD_INPUT = 0;

/**
 * @param file `-` for standard input
 * @param option named in the error
 * @throws CliError `bad_input`
 */
export function readBytes(file: string, option: string): Buffer {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file === '-' ? STANDARD_INPUT : file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'an error';
    throw new CliError('bad_input', `The file of ${option} can't be read (${code}).`, { cause: error });
  }
  if (bytes.length > MOST_BYTES) {
    throw new CliError('bad_input', `The file of ${option} is larger than 64 MiB: that is no delivery.`);
  }
  return bytes;
}

/** @throws CliError `bad_input` */
export function readTextFile(file: string, option: string): string {
  return readBytes(file, option).toString('utf8');
}
