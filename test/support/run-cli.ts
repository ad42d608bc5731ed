import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach } from 'vitest';

/** The built command, as npm links it. */
export const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliSetup {
  /** Beside the PATH: nothing of the test's own environment. */
  readonly env?: Record<string, string>;
  readonly input?: string | Uint8Array;
  /** By default this folder, which has no `.env`. */
  readonly cwd?: string;
  /** Gets the means to stop it. */
  readonly onStart?: (kill: (signal: NodeJS.Signals) => void) => void;
}

/** Runs the command as a process of its own, without a terminal. */
export async function runCli(
  args: readonly string[],
  { env, input, cwd, onStart }: CliSetup = {},
): Promise<CliResult> {
  const child = spawn(process.execPath, [CLI, ...args], {
    env: { PATH: process.env.PATH ?? '', ...env },
    cwd: cwd ?? fileURLToPath(new URL('.', import.meta.url)),
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  onStart?.((signal) => child.kill(signal));
  child.stdin.on('error', () => undefined); // It may end without having read everything.
  child.stdin.end(input ?? '');
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

/** A new folder for each test of the file, and a function that writes a file there and returns its path. */
export function useFolder(): {
  path: string;
  write: (content: string | Uint8Array, name?: string) => string;
} {
  const folder = {
    path: '',
    write(content: string | Uint8Array, name = 'body file.json') {
      const path = join(folder.path, name);
      writeFileSync(path, content);
      return path;
    },
  };
  beforeEach(() => {
    folder.path = mkdtempSync(join(tmpdir(), 'cli-'));
  });
  afterEach(() => {
    rmSync(folder.path, { recursive: true });
  });
  return folder;
}
