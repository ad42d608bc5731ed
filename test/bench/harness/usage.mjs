import { readFileSync } from 'node:fs';

/** What this process has used so far. */
export function usage() {
  const { user, system } = process.cpuUsage();
  const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return { cpuSeconds: (user + system) / 1e6, peakMemoryBytes: Number(kilobytes) * 1_024 };
}
