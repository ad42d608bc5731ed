import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * One folder for all that this process and its servers write, gone when the process ends; on Ctrl+C, too, after the
 * servers, which are stopped as it exits.
 */
export function keepScratch() {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  chmodSync(folder, 0o711); // PostgreSQL, which is another user, passes through.
  process.env.TMPDIR = folder;
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(signal, () => {
      process.once('exit', remove);
      process.exit(1);
    });
  }
  process.once('beforeExit', remove);
}
