import { ScalekitWebhookError } from '../../scalekit-webhook.errors.js';
import { signWebhook } from '../../signature/sign-webhook.js';
import { verifyWebhook } from '../../signature/verify-webhook.js';
import type { WebhookScheme, WebhookVerification } from '../../signature/webhook-scheme.js';
import { inspectSecret } from '../../signature/webhook-secret.js';
import type { GivenSecret } from '../input/secret.js';
import { bodyCandidates, secretCandidates } from './candidates.js';
import { type Fault, fault } from './fault.js';
import * as received from './received-headers.js';

export interface DeliveryToDiagnose {
  readonly body: Buffer;
  readonly headers: received.HeaderLines;
  /** The first is the one to verify with; the others are tried as the right one. */
  readonly secrets: readonly GivenSecret[];
  readonly schemes: readonly WebhookScheme[];
  readonly toleranceSeconds: number;
  readonly now: Date;
}

export interface Diagnosis {
  readonly holds: boolean;
  readonly verification?: WebhookVerification;
  /** All that has to be put right before the delivery holds; one of cause `unknown` if that was not found. */
  readonly faults: readonly Fault[];
  /** Further hints. */
  readonly observations: readonly string[];
  /** How many signatures were computed in search of the cause. */
  readonly tried: number;
}

const MOST_FAULTS = 3;
/** Larger bodies are searched for a single fault: each attempt reads the whole body. */
const LARGE_BODY_BYTES = 64 * 1024;

/** One delivery can't tell a wrong secret from a changed body, so neither is claimed. */
const UNKNOWN = fault(
  'unknown',
  'Unknown. No signature matches, and nothing that was tried explains it. Either a different secret signed it (of ' +
    'another endpoint or environment, or from before a rotation), or the body is not the one that was sent.',
);

/** Says whether a delivery holds, and if not, why: only what is proved (see `VerifyCause`). */
export function diagnose(delivery: DeliveryToDiagnose): Diagnosis {
  const { body, secrets, schemes, toleranceSeconds, now } = delivery;
  const headers = received.headerValues(delivery.headers);
  const observations = secrets[0]?.endsWithNewline
    ? ['The secret file ends with a line break, which is left out here: your app has to trim it, too.']
    : [];
  const secret = secrets[0]?.value ?? '';
  const verification = unlessRefused(() =>
    verifyWebhook({ rawBody: body, headers, secret, schemes, toleranceSeconds, now }),
  );
  if (verification) {
    return { holds: true, verification, faults: [], observations, tried: 1 };
  }
  const { match, tried } = search(delivery, headers);
  const faults = match ?? explainNoMatch(delivery, headers);
  return faults.length > 0
    ? { holds: false, faults, observations, tried }
    : { holds: false, faults: [UNKNOWN], observations: [...observations, ...observe(body, headers)], tried };
}

function unlessRefused<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof ScalekitWebhookError) {
      return undefined;
    }
    throw error;
  }
}

/** Undoes one fault, then two, then three, and returns the simplest explanation that makes the signature match. */
function search(
  { body, secrets, schemes, now, toleranceSeconds }: DeliveryToDiagnose,
  headers: received.HeaderValues,
): { match?: readonly Fault[]; tried: number } {
  const header = received.decisiveHeader(headers, schemes);
  const bodies = bodyCandidates(body);
  const most = body.length > LARGE_BODY_BYTES ? 1 : MOST_FAULTS;
  const combinations = (header ? received.headerCandidates(header, headers, schemes) : [])
    .flatMap((fields) => secretCandidates(secrets).map((key) => ({ fields, key })))
    .flatMap(({ fields, key }) =>
      bodies.map((signed) => ({
        fields: fields.value,
        key: key.value,
        signed: signed.value,
        faults: [...key.faults, ...signed.faults, ...fields.faults],
      })),
    )
    .filter(({ faults }) => faults.length <= most)
    .sort((a, b) => a.faults.length - b.faults.length);
  const index = combinations.findIndex(({ fields, key, signed }) => isSigned(fields, key, signed));
  const match = combinations[index];
  return match
    ? { match: [...match.faults, ...clockFaults(match.fields, now, toleranceSeconds)], tried: index + 1 }
    : { tried: combinations.length };
}

/** Signs by the library's own rules, so that the command and the library never disagree. */
function isSigned(
  { scheme, id, timestamp, macs }: received.SignedFields,
  secret: string,
  body: Buffer,
): boolean {
  const signed = unlessRefused(() => signWebhook({ body, secret, scheme, id, timestamp: Number(timestamp) }));
  const [mac = ''] = received.macsIn(Object.values(signed ?? {}).at(-1) ?? '');
  return macs.includes(mac);
}

/** Judges the time of a signature that matches (S5). */
function clockFaults(
  { scheme, timestamp }: received.SignedFields,
  now: Date,
  toleranceSeconds: number,
): Fault[] {
  const age = Math.floor(now.getTime() / 1000) - Number(timestamp);
  const seconds = Math.abs(age);
  if (scheme === 'digest' || seconds <= toleranceSeconds) {
    return [];
  }
  const units = [
    ['days', 86_400],
    ['hours', 3_600],
    ['minutes', 60],
  ] as const;
  const unit = units.find(([, size]) => seconds >= 2 * size);
  const inWords = unit ? ` (about ${Math.round(seconds / unit[1])} ${unit[0]})` : '';
  const direction = age > 0 ? 'ago' : 'in the future';
  const message = `The signature is right, but was made ${seconds} s ${direction}${inWords}; at most ${toleranceSeconds} s are allowed.`;
  return [fault('clock_skew', message)];
}

/** The faults that make a match impossible, whatever else is wrong. */
function explainNoMatch(
  { body, secrets, schemes }: DeliveryToDiagnose,
  headers: received.HeaderValues,
): Fault[] {
  const header = received.decisiveHeader(headers, schemes);
  const faults = header ? headerFaults(header, headers, schemes) : [missingSignature(headers)];
  const { problem } = inspectSecret(secrets[0]?.value.trim(), [header?.scheme ?? 'digest']);
  if (problem !== undefined) {
    faults.unshift(fault('secret_unusable', problem));
  }
  if (body.length === 0) {
    faults.push(fault('body_lost', 'The body is empty: something has read it before.'));
  } else if (body.subarray(0, 100).toString('latin1').trim() === '[object Object]') {
    faults.push(fault('body_lost', 'The body is "[object Object]": a parsed object became text.'));
  }
  return faults;
}

function missingSignature(headers: received.HeaderValues): Fault {
  const similar = Object.keys(headers).filter((name) => /webhook|svix|signature/.test(name));
  const seen = similar.length > 0 ? `Similar names came: ${similar.join(', ').slice(0, 200)}.` : '';
  return fault(
    'header_lost',
    'None of the signature headers came: webhook-signature (with webhook-id and webhook-timestamp), ' +
      `scalekit-signature, x-scalekit-signature. They were lost or renamed, or the request is not from Scalekit. ${seen}`,
  );
}

function headerFaults(
  header: received.DecisiveHeader,
  headers: received.HeaderValues,
  accepted: readonly WebhookScheme[],
): Fault[] {
  const { name, scheme, idName, timestampName, values } = header;
  if (!accepted.includes(scheme)) {
    return [received.notAccepted(header, accepted)];
  }
  const names = scheme === 'standard' ? [name, idName, timestampName] : [name];
  const faults = names.filter((each) => (headers[each]?.length ?? 0) > 1).map(received.repeated);
  if (!header.isWellFormed) {
    const what = `holds no whole signature of the scheme ${scheme}: ${values[0]?.length ?? 0} characters came.`;
    faults.push(fault('header_altered', `The header ${name} ${what} The header was cut off or changed.`));
  }
  const lost = names.filter((each) => !headers[each]?.[0]).join(' and ');
  return lost === '' ? faults : [...faults, fault('header_lost', `${lost} did not come with ${name}.`)];
}

/** Hints that may help to find an unknown cause. */
function observe(body: Buffer, headers: received.HeaderValues): string[] {
  const announced = headers['content-length']?.[0];
  const seen: string[] = [];
  if (announced === String(body.length)) {
    seen.push(`The body has the ${body.length} bytes that content-length announces.`);
  } else if (announced !== undefined && headers['content-encoding'] === undefined) {
    seen.push(
      `The body has ${body.length} bytes, but content-length announces ${announced}: it was changed or cut.`,
    );
  }
  if (body.includes('\ufffd')) {
    seen.push('The body holds U+FFFD: bytes were lost when something decoded it as text.');
  }
  if (isWrittenByStringify(body.toString('utf8'))) {
    seen.push(
      'The body is just as JSON.stringify writes it. If your app made it from a parsed body, take the raw bytes.',
    );
  }
  return seen;
}

function isWrittenByStringify(text: string): boolean {
  try {
    return JSON.stringify(JSON.parse(text)) === text.trimEnd();
  } catch {
    return false;
  }
}
