/** Holds an error's code, in all copies of the package. A handler can overwrite `code`, with a payload of all things. */
const OWN_CODE = Symbol.for('nestjs-scalekit-webhooks:error');
/** Likewise. */
const RETRY_SECONDS = Symbol.for('nestjs-scalekit-webhooks:retry-seconds');

/**
 * The base class of every error of this package. Tell errors apart by `code`: two copies of the package may be
 * loaded in one app (ESM and CommonJS), and then `instanceof` lies.
 *
 * @publicApi
 */
export class ScalekitWebhookError<Code extends string = string> extends Error {
  /** Which error this is: stable, made for `switch`. */
  readonly code: Code;

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    Object.defineProperty(this, OWN_CODE, { value: code });
  }
}

/** Stops the boot: an endpoint can't work as it is set up. */
export function cantStart(endpoint: string, reason: string): ScalekitWebhookError<'invalid_options'> {
  return new ScalekitWebhookError(
    'invalid_options',
    `ScalekitWebhookModule "${endpoint}" can't start: ${reason}`,
  );
}

/** The code of an error of this package; undefined for all others. */
export function ownCodeOf(error: unknown): string | undefined {
  return error instanceof Error && OWN_CODE in error ? String(error[OWN_CODE]) : undefined;
}

/** True for an error of this package with that code, whichever copy of the package threw it. */
export function hasErrorCode<Code extends string>(
  error: unknown,
  code: Code,
): error is ScalekitWebhookError<Code> {
  return ownCodeOf(error) === code;
}

/** Marks an error of a handler that is to be called again, in so many seconds. */
export function callAgainIn(error: Error, seconds: number): void {
  Object.defineProperty(error, RETRY_SECONDS, { value: seconds });
}

/** When to call a handler again that was not run or asked for a retry, in seconds; undefined for all other errors. */
export function retrySecondsOf(error: unknown): number | undefined {
  return error instanceof Error && RETRY_SECONDS in error ? Number(error[RETRY_SECONDS]) : undefined;
}

/**
 * Runs `work` so that errors made in it carry no stack: V8 takes as long to record one as to verify a signature, and a
 * forger decides how many there are.
 */
export function withoutStack<T>(work: () => T): T {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return work();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
