import { defineConfig } from 'vitest/config';

/** The tests that `npm run mutation` runs against each mutant: those of the pure core that take milliseconds. */
export default defineConfig({
  test: {
    include: [
      'test/unit/signature/{signature-cases,verify-webhook,sign-webhook,webhook-secret,secret-source}.test.ts',
      'test/unit/events/{envelope,envelope-deep-freeze,envelope-occurred-at,event-nanos,is-scalekit-event}.test.ts',
    ],
    testTimeout: 30_000,
  },
});
