// Runs vitest. Files in which a test fails run once more, one after the other: what fails again is a failure, what passes
// is named as flaky. An error outside of the tests, such as a worker that dies, is a failure at once, and so are tests of
// many files: that is no chance. Usage: node tools/run-tests.mjs [arguments of `vitest run`; options as --name=value]
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const MANY = 10;
const root = fileURLToPath(new URL('..', import.meta.url));
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const folder = mkdtempSync(join(tmpdir(), 'tests-'));
const sum = (files, of) => files.reduce((total, file) => total + file[of], 0);

/** What `test/support/summary.reporter.ts` says of a run; an error more where the exit code is not what it says. */
function run(name, args) {
  const report = join(folder, name);
  const env = { ...process.env, TEST_REPORT: report };
  const { status } = spawnSync(process.execPath, [vitest, 'run', ...args], {
    cwd: root,
    stdio: 'inherit',
    env,
  });
  const { files, errors } = existsSync(report)
    ? JSON.parse(readFileSync(report, 'utf8'))
    : { files: [], errors: 0 };
  const isExplained = status === 0 || errors > 0 || sum(files, 'failed') > 0;
  return { files, errors: errors + (isExplained ? 0 : 1) };
}

const first = run('first', process.argv.slice(2));
const failed = first.files.filter((file) => file.failed > 0);
let again = { files: failed, errors: 0 };
if (failed.length > 0 && failed.length <= MANY) {
  console.log(`Once more, alone: ${failed.map(({ file }) => relative(root, file)).join(', ')}`);
  const options = process.argv.slice(2).filter((arg) => arg.startsWith('--'));
  again = run('again', [...options, '--no-file-parallelism', ...failed.map(({ file }) => file)]);
}
rmSync(folder, { recursive: true });

for (const { file, failures } of failed) {
  const second = again.files.find((each) => each.file === file);
  const flaky = failures.filter((test) => second && !second.failures.includes(test));
  flaky.forEach((test) => console.log(`flaky: ${relative(root, file)} > ${test}`));
}
const missing = failed.filter(({ file }) => !again.files.some((each) => each.file === file));
const final = [...first.files.filter((file) => file.failed === 0), ...again.files, ...missing];
const failures = sum(final, 'failed') + first.errors + again.errors;
console.log(`${sum(final, 'passed')} passed, ${failures} failed`);
process.exitCode = failures === 0 ? 0 : 1;
