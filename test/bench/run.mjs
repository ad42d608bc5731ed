// Usage: npm run bench [-- verify|http|stores|boot|scale|inspector …] [--smoke] [--rounds <n>] [--node <path>]…
import { parseArgs } from 'node:util';
import { installRivals } from './harness/install-rivals.mjs';
import { Report } from './harness/report.mjs';
import { nodeVersion } from './harness/machine.mjs';
import { keepScratch } from './harness/scratch.mjs';

const BENCHES = ['verify', 'http', 'stores', 'boot', 'scale', 'inspector'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    smoke: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    node: { type: 'string', multiple: true, default: [process.execPath] },
  },
});
const unknown = positionals.filter((name) => !BENCHES.includes(name));
if (unknown.length > 0) {
  throw new Error(`Unknown benchmark ${unknown.join(', ')}: choose from ${BENCHES.join(', ')}.`);
}

keepScratch();
installRivals();
const report = new Report();
const counts = { passed: 0, failed: 0 };
async function attempt(what, work) {
  try {
    await work();
    counts.passed++;
  } catch (error) {
    counts.failed++;
    console.error(`FAILED  ${what}: ${error.message}`);
  }
}
for (const node of values.node) {
  const options = { node, smoke: values.smoke, rounds: values.smoke ? 1 : Number(values.rounds) };
  for (const name of positionals.length > 0 ? positionals : BENCHES) {
    const { bench } = await import(`./${name}/bench.mjs`);
    report.begin(name, nodeVersion(node));
    await attempt(`bench ${name}`, async () => report.add(await bench(options, attempt)));
  }
}
if (!values.smoke) {
  report.write(positionals);
}
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exitCode = counts.failed === 0 ? 0 : 1;
