import type { Command } from 'commander';
import { signedDelivery } from '../../testing/deliveries/signed-delivery.presets.js';
import { scalekitEvent } from '../../testing/fixtures/scalekit-event.fixture.js';
import type { WebhookScheme } from '../../signature/webhook-scheme.js';
import { escapeInvisibleCharacters } from '../../shared/escape-control-characters.js';
import { CliError, EXIT_CODE, type ExitCode } from '../cli.error.js';
import { readUtf8 } from '../input/read-file.js';
import { requireSecret, type SecretOptions } from '../input/secret.js';
import { DEFAULT_URL, targetUrl } from '../input/target-url.js';
import type { Output } from '../output/output.js';
import { jsonOption, type RunCommand, schemeOption, withSecretOptions } from './options.js';

interface SignOptions extends SecretOptions {
  readonly body?: string;
  readonly url?: string;
  readonly scheme: WebhookScheme;
}

export function addSignCommand(program: Command, run: RunCommand): void {
  const command = program
    .command('sign')
    .summary('print the headers of a signed delivery, and a curl line')
    .description(
      'Signs an event of the catalogue, or the bytes of a file, and prints headers and a ready curl line.',
    )
    .argument('[type]', 'the type of the event to make up')
    .option('--body <file>', 'sign these bytes instead (- for standard input)')
    .option(
      '--url <url>',
      `the endpoint, for the curl line (default: ${DEFAULT_URL}, with the PORT of the env file)`,
    )
    .addOption(schemeOption().default('standard'))
    .addOption(jsonOption());
  withSecretOptions(command, { inline: false }).action(
    run((output) => sign(command.args[0], command.opts(), output)),
  );
}

async function sign(type: string | undefined, options: SignOptions, output: Output): Promise<ExitCode> {
  const url = await targetUrl(options.url, options, output);
  const secret = await requireSecret(options, [options.scheme], output);
  const delivery = signedDelivery(await whatToSign(type, options), { secret, scheme: options.scheme });
  const isFile = options.body !== undefined && options.body !== '-';
  if (!isFile && !Buffer.from(delivery.body).equals(delivery.rawBody)) {
    throw new CliError(
      'bad_input',
      'The body is no UTF-8, which a command line cannot hold: give it as a file.',
    );
  }
  // --data would drop the line ends of a file, and --data-raw takes no @ for a file's name.
  const isPrinted = !isFile && escapeInvisibleCharacters(delivery.body) !== delivery.body;
  const data = isFile
    ? ['--data-binary', `@${options.body ?? ''}`]
    : isPrinted
      ? ['--data-binary', '@-']
      : ['--data-raw', delivery.body];
  const headers = Object.entries(delivery.headers);
  const curl = [
    `${isPrinted ? `${shellPrintf(delivery.body)} | ` : ''}curl ${shellQuote(url.href)}`,
    ...headers.map(([name, value]) => `-H ${shellQuote(`${name}: ${value}`)}`),
    data.map(shellQuote).join(' '),
  ].join(' \\\n  ');

  output.json({ headers: delivery.headers, body: delivery.body, curl });
  headers.forEach(([name, value]) => output.line(`${output.paint('cyan', name)}: ${value}`));
  output.line(`\n${curl}`);
  return EXIT_CODE.ok;
}

async function whatToSign(type: string | undefined, { body }: SignOptions): Promise<object> {
  if ((type === undefined) === (body === undefined)) {
    throw new CliError('bad_input', 'Say what to sign: the type of an event, or --body with a file.');
  }
  return body === undefined ? scalekitEvent(type ?? '') : readUtf8(body, 'the file of --body');
}

/** Quotes any text as one word of a POSIX shell. */
export function shellQuote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** A POSIX command that prints the text, written in visible ASCII only. */
function shellPrintf(text: string): string {
  const written = Array.from(Buffer.from(text), (byte) => {
    const letter = String.fromCharCode(byte);
    if (letter === '%' || letter === '\\') return letter + letter;
    return /[ -&(-~]/.test(letter) ? letter : `\\${byte.toString(8).padStart(3, '0')}`;
  });
  return `printf '${written.join('')}'`;
}
