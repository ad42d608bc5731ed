import type { Fault } from './fault.js';

const MOST_SECONDS = 99_999_999_999;

/** S5, for a timestamp that is surely the signed one. */
export function clockFaults(timestamp: string | undefined, now: Date, toleranceSeconds: number): Fault[] {
  if (timestamp === undefined) {
    return [];
  }
  if (!/^\d{1,15}$/.test(timestamp)) {
    return [malformedTimestamp()];
  }
  const seconds = Number(timestamp);
  if (seconds > MOST_SECONDS) {
    return [
      {
        cause: 'timestamp_unit',
        message: 'The timestamp is signed in milliseconds.',
        remedy: 'The sender has to sign whole seconds since 1970.',
      },
    ];
  }
  const age = Math.floor(now.getTime() / 1000) - seconds;
  return Math.abs(age) > toleranceSeconds ? [skew(age, toleranceSeconds)] : [];
}

export function malformedTimestamp(): Fault {
  return {
    cause: 'timestamp_malformed',
    message: 'The timestamp is not a whole number of seconds.',
    remedy: 'Look at what passes the request on: the header must stay as sent.',
  };
}

function skew(age: number, toleranceSeconds: number): Fault {
  const [distance, direction, clock] = [
    Math.abs(age),
    age > 0 ? 'ago' : 'in the future',
    age > 0 ? 'fast' : 'slow',
  ];
  return {
    cause: 'clock_skew',
    message:
      `The signature is right, but was made ${distance} s ${direction}${inWords(distance)}; ` +
      `at most ${toleranceSeconds} s are allowed.`,
    remedy:
      'For a delivery that was kept, give the time at which it came: --at. If it failed when it came, the clock of ' +
      `the machine is ${clock} (check NTP)${age > 0 ? ', or the delivery was held up on the way, or replayed' : ''}.`,
  };
}

function inWords(seconds: number): string {
  const units = [
    ['days', 86_400],
    ['hours', 3_600],
    ['minutes', 60],
  ] as const;
  const unit = units.find(([, size]) => seconds >= 2 * size);
  return unit ? ` (about ${Math.round(seconds / unit[1])} ${unit[0]})` : '';
}
