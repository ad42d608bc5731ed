import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';
import { CliError, EXIT_CODE, type ExitCode } from './cli.error.js';
import { addCatchUpCommand } from './commands/catch-up.command.js';
import { addDoctorCommand } from './commands/doctor.command.js';
import { addEventsCommand } from './commands/events.command.js';
import { addDiscardCommand, addFailedCommand, addReplayCommand } from './commands/failed.command.js';
import type { RunCommand } from './commands/options.js';
import { addSendCommand } from './commands/send.command.js';
import { addSignCommand } from './commands/sign.command.js';
import { addVerifyCommand } from './commands/verify.command.js';
import { knownSecrets } from './input/secret.js';
import { Output } from './output/output.js';

const EXIT_CODES_HELP = `
Secrets come from SCALEKIT_WEBHOOK_SECRET (in the environment, .env or --env-file) or --secret-file, and are never shown.

Exit codes:
  0    success
  1    a check failed, a delivery does not verify, or it was refused
  2    wrong usage; nothing was sent
  3    verify: the delivery does not verify, and the cause is unknown
       doctor: no check failed, but without a secret most were skipped
  4    no answer from the URL
  5    the URL is on another machine and nobody confirmed; nothing was sent
  130  stopped by Ctrl-C`;

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
const { argv } = process;
const output = new Output(argv.includes('--json'));

const run: RunCommand = (action) => async () => {
  process.exitCode = await action(output);
};

const program = new Command('scalekit-webhooks')
  .description('Send, verify and examine Scalekit webhooks: npx nestjs-scalekit-webhooks <command>')
  .version(version)
  .addHelpText('after', EXIT_CODES_HELP)
  .showHelpAfterError('(--help shows the commands and options)')
  .configureOutput({
    writeOut: (text) => output.help(text.trimEnd()),
    writeErr: (text) => output.error(withoutValues(text.trimEnd())),
  })
  .exitOverride();
const deliveryCommands = [
  addSendCommand,
  addVerifyCommand,
  addDoctorCommand,
  addEventsCommand,
  addSignCommand,
];
const failureCommands = [addFailedCommand, addReplayCommand, addDiscardCommand];
for (const add of [...deliveryCommands, ...failureCommands, addCatchUpCommand]) {
  add(program, run);
}

knownSecrets(argv).forEach((secret) => output.keepSecret(secret));
try {
  await program.parseAsync(argv);
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

/**
 * Reports why a command failed.
 *
 * @throws the error itself if it is a defect of this program
 */
function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) {
      return EXIT_CODE.ok;
    }
    const message = withoutValues(error.message.replace(/^error: /, ''));
    output.json({ error: { code: 'bad_input', message, exitCode: EXIT_CODE.usage } });
    return EXIT_CODE.usage;
  }
  if (!(error instanceof ScalekitWebhookError)) {
    throw error;
  }
  const { code, message } = error as ScalekitWebhookError;
  const exitCode = error instanceof CliError ? error.exitCode : EXIT_CODE.usage;
  output.json({ error: { code, message, exitCode } });
  if (!output.isJson) {
    output.error(message);
  }
  return exitCode;
}

/** Removes the user's own text from commander's message: it may be a secret in the wrong place. */
function withoutValues(message: string): string {
  return message
    .replace(/ argument '[^]*' is invalid/, ' argument is invalid')
    .replace(/'(--?[\w-]+)=[^]*?'/g, "'$1'")
    .replace(/^((?:error: )?unknown command) '[^]*?'(?=$|\n)/, '$1');
}
