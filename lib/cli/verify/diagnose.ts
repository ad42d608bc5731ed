import { createHmac } from 'node:crypto';
import { verifyWebhook } from '../../signature/verify-webhook.js';
import { WEBHOOK_SCHEMES } from '../../signature/webhook-scheme.js';
import { ScalekitWebhookError } from '../../scalekit-webhook.errors.js';
import { bodyCandidates, LARGE_BODY_BYTES } from './body-candidates.js';
import { clockFaults } from './clock-faults.js';
import type { DeliveryToDiagnose, Diagnosis } from './diagnosis.js';
import { eventIdIn } from './event-id.js';
import type { Candidate, Fault } from './fault.js';
import { impossibilities } from './impossibilities.js';
import { observations } from './observations.js';
import { readings, type Reading } from './readings.js';
import { ReceivedHeaders } from './received-headers.js';
import { keyCandidates } from './secret-candidates.js';
import { UNKNOWN } from './unknown.fault.js';

/** Three slips at once happen; more is a search for a needle that nobody lost. */
const MOST_FAULTS = 3;

/** Says whether a delivery holds, and if not, why: never by likelihood (see {@link Fault}). */
export function diagnose(delivery: DeliveryToDiagnose): Diagnosis {
  const verification = verify(delivery);
  const headers = new ReceivedHeaders(delivery.headers);
  if (verification) {
    return {
      holds: true,
      verification,
      faults: [],
      observations: observations(delivery, headers, 'holds'),
      tried: 1,
    };
  }
  const { faults, tried } = search(delivery, headers);
  const found = faults.length > 0 ? faults : impossibilities(delivery, headers);
  return {
    holds: false,
    faults: found.length > 0 ? found : [UNKNOWN],
    observations: observations(delivery, headers, found.length > 0 ? 'explained' : 'unknown'),
    tried,
  };
}

/** The library's own word, so that both never disagree. */
function verify({ body, headers, secrets, schemes, toleranceSeconds, now }: DeliveryToDiagnose) {
  const all: Record<string, string[]> = {};
  for (const [name, value] of headers) {
    (all[name.toLowerCase()] ??= []).push(value);
  }
  if (secrets[0]?.isUtf16) {
    return undefined; // The app gets another secret from this file.
  }
  const secret = secrets[0]?.value ?? '';
  try {
    return verifyWebhook({ rawBody: body, headers: all, secret, schemes, toleranceSeconds, now });
  } catch (error) {
    if (error instanceof ScalekitWebhookError) {
      return undefined;
    }
    throw error;
  }
}

/** Tries one fault at a time, then two, then three: the simplest explanation is the one that is told. */
function search(delivery: DeliveryToDiagnose, headers: ReceivedHeaders) {
  const { body, secrets, schemes } = delivery;
  const bodies = bodyCandidates(body);
  const ways = readings(headers, schemes, eventIdIn(body));
  const keys = new Map(WEBHOOK_SCHEMES.map((scheme) => [scheme, keyCandidates(secrets, scheme)]));
  const mostFaults = body.length > LARGE_BODY_BYTES ? 1 : MOST_FAULTS;
  let tried = 0;
  for (let count = 0; count <= mostFaults; count++) {
    for (const reading of ways) {
      for (const key of keys.get(reading.scheme) ?? []) {
        for (const signed of bodies) {
          const left = count - reading.faults.length - key.faults.length - signed.faults.length;
          const macs = reading.macs.filter(({ faults }) => faults.length === left);
          if (macs.length === 0) {
            continue;
          }
          tried++;
          const mac = createHmac('sha256', key.value)
            .update(reading.signedPrefix)
            .update(signed.value)
            .digest();
          const match = macs.find((candidate) => candidate.matches(mac));
          if (match) {
            return { faults: explain(reading, key, signed, match.faults, delivery), tried };
          }
        }
      }
    }
  }
  return { faults: [], tried };
}

function explain(
  reading: Reading,
  key: Candidate<Buffer>,
  signed: Candidate<Buffer>,
  macFaults: readonly Fault[],
  { now, toleranceSeconds }: DeliveryToDiagnose,
): readonly Fault[] {
  return [
    ...key.faults,
    ...signed.faults,
    ...reading.faults,
    ...macFaults,
    ...clockFaults(reading.timestamp, now, toleranceSeconds),
  ];
}
