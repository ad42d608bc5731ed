/** Settles as `work` does. If that takes longer than `ms`, settles as `late()` does instead, and `work` runs on. */
export async function within<T>(ms: number, work: T | PromiseLike<T>, late: () => T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  try {
    return await Promise.race([work, timeout.then(late)]);
  } finally {
    clearTimeout(timer);
  }
}
