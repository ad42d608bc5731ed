/**
 * Runs `work` so that errors made in it carry no stack: V8 takes as long to record one as to verify a signature, and
 * whoever sends forgeries decides how many there are.
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
