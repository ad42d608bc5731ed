import { type Stats, statSync } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { devNull } from 'node:os';
import { isatty } from 'node:tty';
import { CliError } from '../cli.error.js';

const KIB = 1024;
const MIB = 1024 * KIB;

/** The most bytes that are read of a file. */
export const READ_LIMITS = {
  body: { bytes: 16 * MIB, excess: 'larger than 16 MiB: that is not a delivery' },
  secret: { bytes: 64 * KIB, excess: 'larger than 64 KiB: that is not a secret' },
} as const;
type ReadLimit = (typeof READ_LIMITS)[keyof typeof READ_LIMITS];

/**
 * Reads a file up to a limit, since it may be an endless device or pipe.
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
export async function readUtf8(file: string, name: string, limit?: ReadLimit): Promise<Buffer> {
  const bytes = await readBytes(file, name, limit);
  if (isUtf16(bytes)) {
    throw new CliError(
      'bad_input',
      `${capitalized(name)} is UTF-16. The ">" of Windows PowerShell writes it: save the file as UTF-8, with an editor or ` +
        'with [IO.File]::WriteAllText($path, $text).',
    );
  }
  return bytes;
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

/** True for UTF-16 text with a byte order mark, or without one if it begins with an ASCII character. */
function isUtf16([first = 0, second = first]: Uint8Array): boolean {
  const hasMark = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  return hasMark || (first === 0) !== (second === 0);
}
