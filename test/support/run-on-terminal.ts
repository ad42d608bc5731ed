import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { CLI, type CliResult } from './run-cli.js';

/**
 * Runs the command on a terminal, which `script` of every Debian makes.
 *
 * @param answer typed as soon as the question is seen
 */
export async function runOnTerminal(
  args: readonly string[],
  {
    env,
    cwd,
    answer,
    question = '[y/N]',
  }: {
    readonly env?: Record<string, string>;
    readonly cwd?: string;
    readonly answer?: string;
    readonly question?: string;
  } = {},
): Promise<Pick<CliResult, 'code' | 'stdout'>> {
  const command = [process.execPath, CLI, ...args].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    ...(cwd !== undefined && { cwd }),
    env: { PATH: process.env.PATH ?? '', TERM: 'xterm', ...env },
  });
  let stdout = '';
  let isAnswered = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    if (answer !== undefined && !isAnswered && stdout.includes(question)) {
      isAnswered = true;
      child.stdin.write(`${answer}\n`);
    }
  });
  child.stdin.on('error', () => undefined); // It may have ended.
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout };
}
