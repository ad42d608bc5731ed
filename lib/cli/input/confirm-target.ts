import { createInterface } from 'node:readline/promises';
import { CliError } from '../cli.error.js';
import { isLoopback } from './target-url.js';

export interface Asker {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/**
 * Nothing is sent to another machine unless somebody said so.
 *
 * @param what will be sent, for the question
 * @throws CliError `not_confirmed`
 */
export async function confirmTarget(
  url: URL,
  what: string,
  isAgreed: boolean,
  { input, output }: Asker = { input: process.stdin, output: process.stderr },
): Promise<void> {
  if (isAgreed || isLoopback(url)) {
    return;
  }
  if (!input.isTTY || !output.isTTY) {
    throw new CliError(
      'not_confirmed',
      `${url.host} is not this machine, and there is no terminal to ask on: say --yes to send ${what} there.`,
    );
  }
  const terminal = createInterface({ input, output });
  const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
  const answer = await Promise.race([terminal.question(`Send ${what} to ${url.href}? [y/N] `), closed]);
  terminal.close();
  if (!/^y(es)?$/i.test(answer.trim())) {
    throw new CliError('not_confirmed', 'Not sent.');
  }
}
