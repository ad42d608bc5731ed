import { mutate, type Mutation } from './mutation.js';

const SYNTAX = 'schemes/header-syntax.ts';
const STANDARD = 'schemes/standard.scheme.ts';
const TIMESTAMPED = 'schemes/timestamped.scheme.ts';
const CHECK = 'webhook-check.ts';
const DELIVERY = 'webhook-delivery.ts';
const OPTIONS = 'webhook-verifier-options.ts';

/** S5: which times are good. */
export const timestampMutations: readonly Mutation[] = [
  mutate(CHECK, 'old timestamps are good', 'now - timestamp > toleranceSeconds', 'false'),
  mutate(CHECK, 'new timestamps are good', 'timestamp - now > toleranceSeconds', 'false'),
  mutate(
    CHECK,
    'the tolerance ends a second early for old ones',
    'now - timestamp > toleranceSeconds',
    'now - timestamp >= toleranceSeconds',
  ),
  mutate(
    CHECK,
    'the tolerance ends a second early for new ones',
    'timestamp - now > toleranceSeconds',
    'timestamp - now >= toleranceSeconds',
  ),
  mutate(
    CHECK,
    'the tolerance ends a second late',
    'now - timestamp > toleranceSeconds',
    'now - timestamp > toleranceSeconds + 1',
  ),
  mutate(
    CHECK,
    'the tolerance is always the default',
    'faultOfTime(signature.proves, delivery.now, toleranceSeconds)',
    'faultOfTime(signature.proves, delivery.now, 300)',
  ),
  mutate(
    CHECK,
    'timestamps are not looked at',
    'faultOfTime(signature.proves, delivery.now, toleranceSeconds) ??',
    '',
  ),
  mutate(
    OPTIONS,
    'the default tolerance is an hour',
    'DEFAULT_TOLERANCE_SECONDS = 300',
    'DEFAULT_TOLERANCE_SECONDS = 3600',
  ),
  mutate(
    OPTIONS,
    'a tolerance may be infinite',
    'toleranceSeconds < Infinity',
    'toleranceSeconds <= Infinity',
  ),
  mutate(OPTIONS, 'a tolerance may be negative', 'toleranceSeconds >= 0', 'toleranceSeconds >= -1'),
  mutate(DELIVERY, 'the clock is not rounded down', 'Math.floor(now / 1000)', 'now / 1000'),
  mutate(DELIVERY, 'the clock is rounded', 'Math.floor(now / 1000)', 'Math.round(now / 1000)'),
  mutate(
    DELIVERY,
    'the given clock is ignored',
    'now === undefined ? Date.now() : millisecondsOf(now)',
    'Date.now()',
  ),
  mutate(DELIVERY, 'an invalid clock is good', 'if (Number.isNaN(now)) {', 'if (now < 0) {'),
  mutate(SYNTAX, 'timestamps may have 16 digits', 'const MOST_DIGITS = 15;', 'const MOST_DIGITS = 16;'),
  mutate(
    SYNTAX,
    'timestamps may have 14 digits at most',
    'const MOST_DIGITS = 15;',
    'const MOST_DIGITS = 14;',
  ),
  mutate(SYNTAX, 'an empty timestamp is good', "if (text === '') {", "if (text === ' ') {"),
  mutate(
    SYNTAX,
    'timestamps are parsed as parseInt does',
    'let seconds = 0;',
    'let seconds = parseInt(text, 10);\n  if (!Number.isNaN(seconds)) return seconds;',
  ),
  mutate(
    SYNTAX,
    'what follows the digits of a timestamp is ignored',
    'if (digit < 0 || digit > 9 || i === MOST_DIGITS) {',
    'if (i > 0 && (digit < 0 || digit > 9)) return seconds;\n    if (digit < 0 || digit > 9 || i === MOST_DIGITS) {',
  ),
  mutate(
    STANDARD,
    'the number is signed instead of the text',
    'signedPrefix: signedPrefix({ id, timestamp }),',
    'signedPrefix: signedPrefix({ id, timestamp: String(parseTimestamp(timestamp)) }),',
  ),
  mutate(
    TIMESTAMPED,
    'the number is signed instead of the text in timestamped',
    'signedPrefix: signedPrefix({ timestamp }),',
    'signedPrefix: signedPrefix({ timestamp: String(parseTimestamp(timestamp)) }),',
  ),
];
