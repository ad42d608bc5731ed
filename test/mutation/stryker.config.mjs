/**
 * Changes one thing at a time in the code that decides what is believed, and runs the unit tests: a change that none of
 * them notices is a gap. `npm run mutation`, 12 minutes on two cores.
 *
 * @type {import('@stryker-mutator/api/core').PartialStrykerOptions}
 */
export default {
  mutate: [
    'lib/signature/schemes/*.ts',
    'lib/signature/{sign-webhook,verify-webhook,webhook-scheme,webhook-secret}.ts',
    'lib/events/{envelope,nearest-event-type,occurred-at}.ts',
  ],
  testRunner: 'vitest',
  vitest: { configFile: 'test/mutation/vitest.config.ts' },
  plugins: ['@stryker-mutator/vitest-runner'],
  coverageAnalysis: 'perTest',
  concurrency: 2,
  ignorePatterns: ['dist', 'docs', 'sample', 'test/bench', 'test/chaos', 'test/consumers'],
  reporters: ['clear-text', 'progress'],
  clearTextReporter: { allowColor: false, reportTests: false },
  // The score is written down in CONTRIBUTING.md.
  thresholds: { high: 95, low: 85, break: 85 },
};
