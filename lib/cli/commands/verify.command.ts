import { type Command, InvalidArgumentError } from 'commander';
import { WEBHOOK_SCHEMES, type WebhookScheme } from '../../signature/webhook-scheme.js';
import { EXIT_CODE, type ExitCode } from '../cli.error.js';
import { readUtf8 } from '../input/read-file.js';
import { givenSecrets, noSecret, type SecretOptions } from '../input/secret.js';
import type { Output } from '../output/output.js';
import {
  headerOption,
  jsonOption,
  type RunCommand,
  schemeOption,
  wholeNumber,
  withSecretOptions,
} from './options.js';
import { diagnose, type Diagnosis } from '../verify/diagnose.js';
import type { HeaderLines } from '../verify/received-headers.js';

interface VerifyOptions extends SecretOptions {
  readonly body: string;
  readonly header: HeaderLines;
  readonly scheme?: WebhookScheme;
  readonly tolerance: number;
  readonly at?: Date;
}

export function addVerifyCommand(program: Command, run: RunCommand): void {
  const command = program
    .command('verify')
    .summary('say whether a delivery holds, and if not, why')
    .description(
      'Says whether a delivery holds, and if not, why. A cause is only named when it is proved: when the signature ' +
        'matches once it is undone, or when it makes a match impossible. Otherwise it says "unknown".\n' +
        'Of several secrets (--secret, --secret-file, the variable, the env file) the first counts, and the others are tried.',
    )
    .requiredOption('--body <file>', 'the body as it was received, byte for byte (- for standard input)')
    .addOption(headerOption('a header'))
    .addOption(schemeOption().default(undefined, 'all of them'))
    .option('--tolerance <seconds>', 'how far the timestamp may be from the clock', wholeNumber(0, 1e9), 300)
    .option(
      '--at <time>',
      'when the delivery was received, for one that was kept (ISO 8601, or unix seconds)',
      parseTime,
    )
    .addOption(jsonOption());
  withSecretOptions(command, { inline: true }).action(run((output) => verify(command.opts(), output)));
}

async function verify(options: VerifyOptions, output: Output): Promise<ExitCode> {
  const secrets = await givenSecrets(options);
  if (secrets.length === 0) {
    noSecret();
  }
  secrets.forEach(({ value }) => output.keepSecret(value));
  const diagnosis = diagnose({
    body: await readUtf8(options.body, 'the file of --body'),
    headers: options.header,
    secrets,
    schemes: options.scheme ? [options.scheme] : WEBHOOK_SCHEMES,
    toleranceSeconds: options.tolerance,
    now: options.at ?? new Date(),
  });
  print(diagnosis, output);
  if (diagnosis.holds) {
    return EXIT_CODE.ok;
  }
  return diagnosis.faults.some(({ cause }) => cause === 'unknown') ? EXIT_CODE.unknown : EXIT_CODE.failed;
}

function print({ holds, verification, faults, observations, tried }: Diagnosis, output: Output): void {
  output.json({ holds, verification, cause: faults[0]?.cause, faults, observations, tried });
  if (verification) {
    const { scheme, id, timestamp } = verification;
    const at = timestamp === undefined ? '' : `, signed at ${new Date(timestamp * 1000).toISOString()}`;
    output.line(
      output.paint('green', `✓ It holds: scheme ${scheme}${id === undefined ? '' : `, id ${id}`}${at}.`),
    );
  } else {
    output.line(output.paint('red', '✗ It does not hold.'));
  }
  for (const { cause, message, remedy } of faults) {
    output.line();
    output.line(`  ${output.paint('bold', cause)}`);
    output.line(`    ${message}`);
    output.line(`    ${output.paint('cyan', '→')} ${remedy}`);
  }
  if (observations.length > 0) {
    output.line();
    observations.forEach((text) => output.line(`  ${output.paint('dim', '·')} ${text}`));
  }
}

function parseTime(text: string): Date {
  const time = new Date(/^\d+$/.test(text) ? Number(text) * 1000 : text);
  if (Number.isNaN(time.getTime())) {
    throw new InvalidArgumentError('It must be a time such as 2026-01-31T12:00:00Z, or unix seconds.');
  }
  return time;
}
