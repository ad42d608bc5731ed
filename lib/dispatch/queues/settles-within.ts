import { within } from '../../shared/within.js';

/** Whether the work has settled, either way, before the time is over. */
export function settlesWithin(work: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  const settled = work.then(
    () => true,
    () => true,
  );
  return within(timeoutMs, settled, () => false);
}
