import { defineConfig } from 'vitest/config';

/** Each file fills both cores with processes of its own: one after the other. */
export default defineConfig({
  test: {
    include: ['test/chaos/**/*.test.ts'],
    fileParallelism: false,
    globalSetup: './test/support/servers.setup.ts',
    hookTimeout: 60_000,
    reporters: ['default', './test/support/summary.reporter.ts'],
  },
});
