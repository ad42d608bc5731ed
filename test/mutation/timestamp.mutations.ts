import { mutate, type Mutation } from './mutation.js';

const SYNTAX = 'webhook-scheme.ts';
const STANDARD = 'schemes/standard.scheme.ts';
const TIMESTAMPED = 'schemes/timestamped.scheme.ts';
const CHECK = 'verify-webhook.ts';
const DELIVERY = 'webhook-input.ts';
const OPTIONS = 'webhook-input.ts';

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
  mutate(OPTIONS, 'the default tolerance is an hour', 'toleranceSeconds = 300', 'toleranceSeconds = 3600'),
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
  mutate(SYNTAX, 'timestamps may have 16 digits', '/^\\d{1,15}$/', '/^\\d{1,16}$/'),
  mutate(SYNTAX, 'timestamps may have 14 digits at most', '/^\\d{1,15}$/', '/^\\d{1,14}$/'),
  mutate(SYNTAX, 'an empty timestamp is good', '/^\\d{1,15}$/', '/^\\d{0,15}$/'),
  mutate(SYNTAX, 'timestamps are parsed as parseInt does', '/^\\d{1,15}$/', '/^\\s*\\+?\\d{1,15}/'),
  mutate(SYNTAX, 'what follows the digits of a timestamp is ignored', '/^\\d{1,15}$/', '/^\\d{1,15}/'),
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
