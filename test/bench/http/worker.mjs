// One server: says its port, then what it has used so far.
import { readFileSync } from 'node:fs';
import { serve } from '../harness/child.mjs';

function peakMemoryBytes() {
  const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kilobytes) * 1_024;
}

await serve(async (file, platform) => {
  const { start } = await import(file);
  let handled = 0;
  const port = await start(() => {
    handled++;
  }, platform);
  return {
    hello: port,
    onQuestion: () => {
      const { user, system } = process.cpuUsage();
      return { handled, cpuSeconds: (user + system) / 1e6, peakMemoryBytes: peakMemoryBytes() };
    },
  };
});
