import { createInterface } from 'node:readline/promises';
import { CliError } from '../cli.error.js';
import type { Output } from '../output/output.js';
import { givenPort, type SecretOptions } from './secret.js';

/** The URL of an app with the default port and path. */
export const DEFAULT_URL = 'http://localhost:3000/webhooks/scalekit';

/**
 * The URL that is given, else the default one on this machine, at the PORT that the app has.
 *
 * @throws CliError `bad_input`
 */
export async function targetUrl(
  given: string | undefined,
  options: Pick<SecretOptions, 'envFile'>,
  output: Output,
  fallback = DEFAULT_URL,
): Promise<URL> {
  const url = parseTargetUrl(given ?? fallback, fallback);
  const port = given === undefined ? await givenPort(options) : undefined;
  if (port) {
    url.port = port.port;
    output.error(`URL: ${url.href} (${port.from})`);
  }
  return url;
}

/**
 * A mistyped command may hold a secret where the URL belongs, so its text is in no error.
 *
 * @throws CliError `bad_input`
 */
export function parseTargetUrl(text: string, example = DEFAULT_URL): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    throw new CliError('bad_input', `The URL must be a whole http: or https: URL, such as ${example}.`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new CliError(
      'bad_input',
      'The URL holds a user name or a password, which would be shown: leave them out.',
    );
  }
  url.hash = '';
  return url;
}

/** True for this machine only: a name other than `localhost` can be anyone's. */
export function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(hostname);
}

/**
 * Asks before anything is sent to another machine.
 *
 * @param what will be sent, for the question
 * @throws CliError `not_confirmed`
 */
export async function confirmTarget(url: URL, what: string, isAgreed: boolean): Promise<void> {
  if (!isAgreed && !isLoopback(url)) {
    await confirm(
      `Send ${what} to ${url.href}?`,
      `${url.host} is not this machine: say --yes to send ${what} there.`,
    );
  }
}

/**
 * Asks at the terminal.
 *
 * @param remedy what to do where there is none
 * @throws CliError `not_confirmed`
 */
export async function confirm(question: string, remedy: string): Promise<void> {
  const { stdin: input, stderr: output } = process;
  if (!input.isTTY || !output.isTTY) {
    throw new CliError('not_confirmed', `There is no terminal to ask on. ${remedy}`);
  }
  const terminal = createInterface({ input, output });
  const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
  const answer = await Promise.race([terminal.question(`${question} [y/N] `), closed]);
  terminal.close();
  if (!/^y(es)?$/i.test(answer.trim())) {
    throw new CliError('not_confirmed', 'Not sent.');
  }
}
