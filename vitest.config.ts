import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/unit/**/*.test.ts', 'test/e2e/**/*.test.ts', 'test/integration/**/*.test.ts'],
    // The files of a worker share its modules: Nest and TypeScript load once, not a hundred times. So each file puts back
    // what it changes of the process.
    isolate: false,
    // By default one core is left alone, of two, too.
    maxWorkers: availableParallelism(),
    setupFiles: './test/support/leave-no-trace.setup.ts',
    globalSetup: ['./test/support/servers.setup.ts', './test/support/page.setup.ts'],
    // Limits for what never happens, not for what is slow on a busy machine.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 20_000 } },
    reporters: ['default', './test/support/summary.reporter.ts'],
  },
});
