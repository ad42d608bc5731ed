import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/unit/{signature,events}/*.test.ts', 'test/unit/handlers/event-pattern.test.ts'],
    // What compiles, makes documents, or takes long: none of it says anything about a changed line.
    exclude: ['**/{type-messages,events-doc,catalogue,fuzz}.test.ts'],
  },
});
