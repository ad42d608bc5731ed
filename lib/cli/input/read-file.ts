import { type Stats, statSync } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { devNull } from 'node:os';
import { isatty } from 'node:tty';
import { CliError } from '../cli.error.js';

const KIB = 1024;
const MIB = 1024 * KIB;

/** The most bytes that are read of a file. */
export const READ_LIMITS = {
  body: { bytes: 16 * MIB, excess: 'larger than 16 MiB: that is no delivery' },
  secret: { bytes: 64 * KIB, excess: 'larger than 64 KiB: that is no secret' },
} as const;
type ReadLimit = (typeof READ_LIMITS)[keyof typeof READ_LIMITS];

/**
 * Reads a file, and never more of it than the limit: it may be a device or a pipe without an end.
 *
 * @param file `-` for standard input
 * @param name of the file in the error: `the file of --body`
 * @throws CliError `bad_input`
 */
export async function readBytes(
  file: string,
  name: string,
  limit: ReadLimit = READ_LIMITS.body,
): Promise<Buffer> {
  const problem = (text: string, cause?: unknown) =>
    new CliError('bad_input', `${capitalized(name)} ${text}.`, { cause });
  let handle: FileHandle | undefined;
  try {
    if (file === '-') {
      return await readAll(process.stdin, limit);
    }
    const stats = await stat(file);
    const kind = kindWithoutContent(stats);
    if (kind !== undefined) {
      throw problem(`is ${kind}`);
    }
    if (stats.size > limit.bytes) {
      throw new TooLargeError();
    }
    handle = await open(file);
    if (stats.isCharacterDevice() && !isEmptyDevice(stats) && !isatty(handle.fd)) {
      throw problem('is a device, not a file');
    }
    return await readAll(handle.createReadStream({ autoClose: false }), limit);
  } catch (error) {
    if (error instanceof TooLargeError) {
      throw problem(`is ${limit.excess}`);
    }
    throw error instanceof CliError ? error : problem(`can't be read (${codeOf(error)})`, error);
  } finally {
    await handle?.close();
  }
}

/** @throws CliError `bad_input`, also for UTF-16 */
export async function readTextFile(file: string, name: string, limit?: ReadLimit): Promise<string> {
  const bytes = await readBytes(file, name, limit);
  if (isUtf16(bytes)) {
    throw new CliError('bad_input', `${capitalized(name)} is UTF-16. ${UTF16_CURE}`);
  }
  return bytes.toString('utf8');
}

class TooLargeError extends Error {}

async function readAll(stream: AsyncIterable<unknown>, { bytes: most }: ReadLimit): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > most) {
      throw new TooLargeError();
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

function kindWithoutContent(stats: Stats): string | undefined {
  if (stats.isDirectory()) return 'a directory';
  if (stats.isSocket()) return 'a socket';
  return stats.isBlockDevice() ? 'a block device' : undefined;
}

function isEmptyDevice({ rdev }: Stats): boolean {
  return rdev === statSync(devNull).rdev;
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'an error';
}

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
