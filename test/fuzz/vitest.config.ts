import { defineConfig } from 'vitest/config';

/** `vitest run --config test/fuzz/vitest.config.ts`, with FUZZ_COUNT and FUZZ_SEED in the environment. */
export default defineConfig({
  test: { include: ['test/fuzz/*.fuzz.ts'] },
});
