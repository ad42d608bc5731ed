import { ScalekitWebhookError } from '../../scalekit-webhook.errors.js';
import { verifyWebhook } from '../../signature/verify-webhook.js';
import type { WebhookVerification } from '../../signature/webhook-scheme.js';
import type { DeliveryToDiagnose } from './delivery-to-diagnose.js';
import { type Candidate, type Fault, fault } from './fault.js';
import { explainNoMatch, observe } from './no-match.js';
import { repairedBodies } from './repaired-bodies.js';
import { headerValues, repairedHeaders, type SchemeHeaders } from './repaired-headers.js';
import { repairedSecrets } from './repaired-secrets.js';

export interface Diagnosis {
  readonly holds: boolean;
  readonly verification?: WebhookVerification;
  /** All that has to be put right before the delivery holds; one of cause `unknown` where that was not found. */
  readonly faults: readonly Fault[];
  /** What else was seen. */
  readonly observations: readonly string[];
  /** How many times the delivery was verified in search of the cause. */
  readonly tried: number;
}

const MOST_FAULTS = 3;
/** Larger bodies are searched for a single fault: each attempt reads the whole body. */
const LARGE_BODY_BYTES = 64 * 1024;
/** A tolerance that accepts any time: `clockFaults` judges the time. */
const ANY_TIME = 1e15;

/** Says whether a delivery holds, and if not, why: only what is proved (see {@link Fault}). */
export function diagnose(delivery: DeliveryToDiagnose): Diagnosis {
  const { body, headers, secrets, schemes, toleranceSeconds, now } = delivery;
  const secret = secrets[0];
  const verification = secret?.isUtf16
    ? undefined // The app gets another secret from this file.
    : verify({
        rawBody: body,
        headers: headerValues(headers),
        secret: secret?.value ?? '',
        schemes,
        toleranceSeconds,
        now,
      });
  const observations = secret?.endsWithNewline
    ? ['The secret file ends with a line break, which is left out here: your app has to trim it, too.']
    : [];
  if (verification) {
    return { holds: true, verification, faults: [], observations, tried: 1 };
  }
  const { match, tried } = search(delivery);
  const faults = match ?? explainNoMatch(delivery);
  const isUnknown = faults.some(({ cause }) => cause === 'unknown');
  return {
    holds: false,
    faults,
    observations: [...observations, ...(isUnknown ? observe(delivery) : [])],
    tried,
  };
}

/** Undoes one fault at a time, then two, then three: the simplest explanation that makes the signature match is told. */
function search(delivery: DeliveryToDiagnose): { match?: readonly Fault[]; tried: number } {
  const { body, secrets, schemes, now, toleranceSeconds } = delivery;
  const allHeaders = repairedHeaders(headerValues(delivery.headers), schemes);
  const allSecrets = repairedSecrets(secrets);
  const bodies = [...repairedBodies(body)];
  let tried = 0;
  for (let count = 0; count <= (body.length > LARGE_BODY_BYTES ? 1 : MOST_FAULTS); count++) {
    for (const { headers, secret, signed } of combine(allHeaders, allSecrets, bodies, count)) {
      tried++;
      const verification = verify({
        rawBody: signed.value,
        headers: headers.value.headers,
        secret: secret.value,
        schemes: [headers.value.scheme],
        toleranceSeconds: ANY_TIME,
        now,
      });
      if (verification) {
        const clock = clockFaults(verification.timestamp, now, toleranceSeconds);
        return { match: [...secret.faults, ...signed.faults, ...headers.faults, ...clock], tried };
      }
    }
  }
  return { tried };
}

/** All combinations that have exactly `count` faults together. */
function* combine(
  allHeaders: readonly Candidate<SchemeHeaders>[],
  secrets: readonly Candidate<string>[],
  bodies: readonly Candidate<Buffer>[],
  count: number,
) {
  for (const headers of allHeaders) {
    for (const secret of secrets) {
      for (const signed of bodies) {
        if (headers.faults.length + secret.faults.length + signed.faults.length === count) {
          yield { headers, secret, signed };
        }
      }
    }
  }
}

/** Verifies by the library's own rules, so that the command and the library never disagree. */
function verify(options: Parameters<typeof verifyWebhook>[0]): WebhookVerification | undefined {
  try {
    return verifyWebhook(options);
  } catch (error) {
    if (error instanceof ScalekitWebhookError) {
      return undefined;
    }
    throw error;
  }
}

const LAST_SECOND = 99_999_999_999;

/** Judges the time of a signature that matches (S5). */
function clockFaults(timestamp: number | undefined, now: Date, toleranceSeconds: number): Fault[] {
  if (timestamp === undefined) {
    return [];
  }
  if (timestamp > LAST_SECOND) {
    const remedy = 'The sender has to sign whole seconds since 1970.';
    return [fault('timestamp_unit', 'The timestamp is signed in milliseconds.', remedy)];
  }
  const age = Math.floor(now.getTime() / 1000) - timestamp;
  if (Math.abs(age) <= toleranceSeconds) {
    return [];
  }
  const [direction, clock, more] =
    age > 0
      ? ['ago', 'fast', ', or the delivery was held up on the way, or replayed']
      : ['in the future', 'slow', ''];
  return [
    fault(
      'clock_skew',
      `The signature is right, but was made ${Math.abs(age)} s ${direction}${inWords(Math.abs(age))}; ` +
        `at most ${toleranceSeconds} s are allowed.`,
      'For a delivery that was kept, give the time at which it came: --at. If it failed when it came, the clock of ' +
        `the machine is ${clock} (check NTP)${more}.`,
    ),
  ];
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
