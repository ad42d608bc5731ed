/** What the command's exit codes say. Documented in `--help` and docs/cli.md: scripts rely on them. */
export const EXIT_CODE = Object.freeze({
  /** Everything is as it should be. */
  ok: 0,
  /** The answer is no: something is off, does not hold, or was refused. What, is said. */
  failed: 1,
  /** The command can't be understood or carried out as given. Nothing was sent. */
  usage: 2,
  /** `verify`: the delivery does not hold, and the cause is unknown. `doctor`: too little was checked without a secret. */
  unknown: 3,
  /** Nobody answers at the URL. */
  unreachable: 4,
  /** The URL is not of this machine, and nobody agreed. Nothing was sent. */
  notConfirmed: 5,
  /** Ctrl-C: 128 and the number of SIGINT, as shells have it. */
  interrupted: 130,
});

export type ExitCode = (typeof EXIT_CODE)[keyof typeof EXIT_CODE];
