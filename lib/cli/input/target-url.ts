import { createInterface } from 'node:readline/promises';
import { CliError } from '../cli.error.js';
import type { Output } from '../output/output.js';
import { givenPort, type SecretOptions } from './secret.js';

/** The URL of an app with the default port and path. */
export const DEFAULT_URL = 'http://localhost:3000/webhooks/scalekit';

/**
 * The URL that is given, else the default route on this machine, at the PORT that the app has.
 *
 * @throws CliError `bad_input`
 */
export async function targetUrl(
  given: string | undefined,
  options: SecretOptions,
  output: Output,
): Promise<URL> {
  const url = parseTargetUrl(given ?? DEFAULT_URL);
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
export function parseTargetUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    throw new CliError('bad_input', `The URL must be a whole http: or https: URL, such as ${DEFAULT_URL}.`);
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
  const { stdin: input, stderr: output } = process;
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
