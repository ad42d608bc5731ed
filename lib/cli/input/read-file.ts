import { type Stats, statSync } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { devNull } from 'node:os';
import { isatty } from 'node:tty';
import { CliError } from '../cli.error.js';
import { isUtf16, UTF16_CURE } from './utf16.js';

const KIB = 1024;
const MIB = 1024 * KIB;

/** How much is read of a file, by what it holds. */
export const READ_LIMITS = {
  body: { bytes: 64 * MIB, excess: 'larger than 64 MiB: that is no delivery' },
  secret: { bytes: 64 * KIB, excess: 'larger than 64 KiB: that is no secret' },
} as const;
type ReadLimit = (typeof READ_LIMITS)[keyof typeof READ_LIMITS];

/**
 * Reads a file, and never more of it than the limit: it may be a device or a pipe without an end.
 *
 * @param file `-` for standard input
 * @param option named in the error
 * @throws CliError `bad_input`
 */
export async function readBytes(
  file: string,
  option: string,
  limit: ReadLimit = READ_LIMITS.body,
): Promise<Buffer> {
  const problem = (text: string, cause?: unknown) =>
    new CliError('bad_input', `The file of ${option} ${text}.`, { cause });
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
export async function readTextFile(file: string, option: string, limit?: ReadLimit): Promise<string> {
  const bytes = await readBytes(file, option, limit);
  if (isUtf16(bytes)) {
    throw new CliError('bad_input', `The file of ${option} is UTF-16. ${UTF16_CURE}`);
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

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'an error';
}
