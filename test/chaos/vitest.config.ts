import { defineConfig } from 'vitest/config';

/** Two files at once: one waits for servers that are away while the others keep the processors busy. */
export default defineConfig({
  test: {
    include: ['test/chaos/**/*.test.ts'],
    maxWorkers: 2,
    globalSetup: './test/support/servers.setup.ts',
    hookTimeout: 60_000,
    reporters: ['default', './test/support/summary.reporter.ts'],
  },
});
