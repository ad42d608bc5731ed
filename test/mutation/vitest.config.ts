import { defineConfig } from 'vitest/config';

/** The tests that judge mutants of `lib/signature/` and `lib/events/`: fast ones, that know no server. */
export default defineConfig({
  test: {
    include: ['test/unit/{signature,events}/**/*.test.ts', 'test/unit/handlers/event-pattern.test.ts'],
    exclude: [
      '**/{fuzz,verifier-mutations,properties,envelope.properties,interop,catalogue}.test.ts',
      '**/{events-doc,type-messages}.test.ts',
    ],
  },
});
