import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/unit/**/*.test.ts', 'test/e2e/**/*.test.ts', 'test/integration/**/*.test.ts'],
    typecheck: {
      enabled: true,
      include: ['test/types/**/*.test-d.ts'],
      tsconfig: 'test/types/tsconfig.json',
    },
    globalSetup: './test/support/servers.setup.ts',
    testTimeout: 30_000,
    reporters: ['default', './test/support/summary.reporter.ts'],
  },
});
