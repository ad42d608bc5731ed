import type { Fault } from './fault.js';

/** From one delivery these two can't be told apart, so neither is claimed. */
export const UNKNOWN: Fault = {
  cause: 'unknown',
  message:
    'Unknown. No signature matches, and nothing that was tried explains it. Either another secret signed it (of ' +
    'another endpoint or environment, or from before a rotation), or the body is not the one that was sent.',
  remedy:
    'Compare the secret with the one the dashboard shows for this very endpoint; give further ones (--secret, --secret-file, ' +
    'the variable) and all are tried. Then take the body from the first place that sees it, as bytes.',
};
