import { Command, CommanderError } from 'commander';
import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';
import { CliError, EXIT_CODE, type ExitCode } from './cli.error.js';
import { addCatchUpCommand } from './commands/catch-up.command.js';
import { addDoctorCommand } from './commands/doctor.command.js';
import { addEventsCommand } from './commands/events.command.js';
import type { RunCommand } from './commands/options.js';
import { addSendCommand } from './commands/send.command.js';
import { addSignCommand } from './commands/sign.command.js';
import { addVerifyCommand } from './commands/verify.command.js';
import { knownSecrets } from './input/secret.js';
import { Output } from './output/output.js';

const EXIT_CODES_HELP = `
Secrets come from SCALEKIT_WEBHOOK_SECRET (in the environment, .env or --env-file) or --secret-file, and are never shown.

Exit codes:
  0    all is well
  1    the answer is no: a check failed, a delivery does not hold or was refused
  2    the command can't be carried out as given; nothing was sent
  3    verify: the delivery does not hold, and the cause is unknown
       doctor: nothing is off, but without the secret most was not checked
  4    nobody answers at the URL
  5    the URL is of another machine and nobody agreed; nothing was sent
  130  stopped by Ctrl-C`;

export interface Program {
  run(argv: readonly string[]): Promise<ExitCode>;
}

export function createProgram(version: string, isJson: boolean): Program {
  const output = new Output(isJson);
  let exitCode: ExitCode = EXIT_CODE.ok;
  const run: RunCommand = (action) => async () => {
    exitCode = await action(output);
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
  const commands = [addSendCommand, addVerifyCommand, addDoctorCommand, addEventsCommand, addSignCommand];
  for (const add of [...commands, addCatchUpCommand]) {
    add(program, run);
  }

  return {
    async run(argv) {
      knownSecrets(argv).forEach((secret) => output.keepSecret(secret));
      try {
        await program.parseAsync(argv);
        return exitCode;
      } catch (error) {
        return fail(error, output);
      }
    },
  };
}

/** @throws what is no failure of a command but a defect of ours */
function fail(error: unknown, output: Output): ExitCode {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) {
      return EXIT_CODE.ok;
    }
    const message = withoutValues(error.message.replace(/^error: /, ''));
    output.json({ error: { code: 'bad_input', message, exitCode: EXIT_CODE.usage } });
    return EXIT_CODE.usage;
  }
  if (!isOurs(error)) {
    throw error;
  }
  const exitCode = error instanceof CliError ? error.exitCode : EXIT_CODE.usage;
  output.json({ error: { code: error.code, message: error.message, exitCode } });
  if (!output.isJson) {
    output.error(error.message);
  }
  return exitCode;
}

function isOurs(error: unknown): error is ScalekitWebhookError {
  return error instanceof ScalekitWebhookError;
}

/** Removes the user's own text from commander's message: it may be a secret in the wrong place. */
function withoutValues(message: string): string {
  return message
    .replace(/ argument '[^]*' is invalid/, ' argument is invalid')
    .replace(/'(--?[\w-]+)=[^]*?'/g, "'$1'")
    .replace(/^((?:error: )?unknown command) '[^]*?'(?=$|\n)/, '$1');
}
