import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';

/** The exit codes of the command. `--help` and docs/cli.md list them: scripts rely on them. */
export const EXIT_CODE = Object.freeze({
  ok: 0,
  /** A check failed, or a delivery does not verify or was refused. */
  failed: 1,
  /** The command can't be carried out as given. Nothing was sent. */
  usage: 2,
  /** `verify`: the delivery does not verify, and the cause is unknown. `doctor`: too little was checked without a secret. */
  unknown: 3,
  /** No answer from the URL. */
  unreachable: 4,
  /** The URL is on another machine, and nobody confirmed. Nothing was sent. */
  notConfirmed: 5,
  /** Ctrl-C: 128 plus the number of SIGINT, as in shells. */
  interrupted: 130,
});

export type ExitCode = (typeof EXIT_CODE)[keyof typeof EXIT_CODE];

const EXIT_CODE_OF = {
  bad_input: EXIT_CODE.usage,
  no_secret: EXIT_CODE.usage,
  invalid_secret: EXIT_CODE.usage,
  refused: EXIT_CODE.failed,
  unreachable: EXIT_CODE.unreachable,
  not_confirmed: EXIT_CODE.notConfirmed,
} as const;

export type CliErrorCode = keyof typeof EXIT_CODE_OF;

/** Ends a command early. The message is for the person at the terminal, and holds nothing secret. */
export class CliError extends ScalekitWebhookError<CliErrorCode> {
  get exitCode(): ExitCode {
    return EXIT_CODE_OF[this.code];
  }
}
