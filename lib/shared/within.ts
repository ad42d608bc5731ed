/**
 * Settles as `work` does. If that takes longer than `ms`, settles with what `late` returns or throws; the work goes on,
 * and its result is ignored.
 */
export function within<T, Late>(ms: number, work: PromiseLike<T>, late: () => Late): Promise<T | Late> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      try {
        resolve(late());
      } catch (error) {
        reject(error);
      }
    }, ms);
    work.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
