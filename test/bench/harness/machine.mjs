import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';

/** What has to be known of a machine to read its figures. */
export function machine() {
  const gigabytes = (totalmem() / 2 ** 30).toFixed(0);
  return `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${gigabytes} GB, ${type()} ${release()}`;
}

export function nodeVersion(node) {
  return execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
}

/** Load of the last minute, and the share of processor time that the hypervisor took since boot. */
export function noise() {
  const load = loadavg()[0].toFixed(1);
  const [, ...ticks] =
    process.platform === 'linux' ? readFileSync('/proc/stat', 'utf8').split('\n', 1)[0].split(/\s+/) : [];
  return {
    load: Number(load),
    stolen: Number(ticks[7] ?? 0),
    total: ticks.reduce((sum, tick) => sum + Number(tick), 0),
  };
}
