import { writeFileSync } from 'node:fs';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * Ends the run with one line that any script can read: `N passed, N failed, N skipped`. `TEST_REPORT` names a JSON file
 * for the same of each test file, which `tools/run-tests.mjs` reads.
 */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const files = modules.map((module) => ({ file: module.moduleId, ...countsOf(module) }));
    const sum = (of: keyof Counts) => files.reduce((total, counts) => total + counts[of], 0);
    const [passed, failed, skipped] = [sum('passed'), sum('failed') + unhandledErrors.length, sum('skipped')];
    if (process.env.TEST_REPORT) {
      writeFileSync(process.env.TEST_REPORT, JSON.stringify({ files, errors: unhandledErrors.length }));
    }
    process.on('exit', () => {
      const more = skipped > 0 ? `, ${skipped} skipped` : '';
      process.stdout.write(`${passed} passed, ${failed} failed${more}\n`);
    });
  }
}

function countsOf(module: TestModule): Counts & { ms: number; failures: readonly string[] } {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  const failures: string[] = [];
  // A hook that fails leaves its tests skipped: the failure is the suite's.
  for (const suite of [module, ...module.children.allSuites()]) {
    counts.failed += suite.errors().length;
    failures.push(...suite.errors().map(() => (suite.type === 'module' ? '(the file)' : suite.fullName)));
  }
  for (const test of module.children.allTests()) {
    const { state } = test.result();
    const outcome = state === 'pending' ? 'failed' : state;
    counts[outcome]++;
    if (outcome === 'failed') {
      failures.push(test.fullName);
    }
  }
  const { duration, collectDuration, setupDuration } = module.diagnostic();
  return { ...counts, ms: Math.round(duration + collectDuration + setupDuration), failures };
}
