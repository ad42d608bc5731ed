import { CliError } from '../cli.error.js';

/** The app of a developer who changed nothing. */
export const DEFAULT_URL = 'http://localhost:3000/webhooks/scalekit';

/**
 * A mistyped command may hold a secret where the URL belongs, so its text is in no error.
 *
 * @throws CliError `bad_input`
 */
export function parseTargetUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    throw new CliError(
      'bad_input',
      'The URL must be a whole http: or https: URL, such as ' + DEFAULT_URL + '.',
    );
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

/** This machine, and surely so: a name other than `localhost` can be anyone's. */
export function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(hostname);
}
