import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';
import { EXIT_CODE, type ExitCode } from './exit-code.js';

export type CliErrorCode = 'bad_input' | 'no_secret' | 'unreachable' | 'not_confirmed';

const EXIT_CODE_OF: Readonly<Record<CliErrorCode, ExitCode>> = {
  bad_input: EXIT_CODE.usage,
  no_secret: EXIT_CODE.usage,
  unreachable: EXIT_CODE.unreachable,
  not_confirmed: EXIT_CODE.notConfirmed,
};

/** What ends a command early. The message is for the person at the terminal, and holds nothing secret. */
export class CliError extends ScalekitWebhookError<CliErrorCode> {
  get exitCode(): ExitCode {
    return EXIT_CODE_OF[this.code];
  }
}
