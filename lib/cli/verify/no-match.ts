import { inspectSecret } from '../../signature/webhook-secret.js';
import { isUtf16 } from '../input/read-file.js';
import type { DeliveryToDiagnose } from './delivery-to-diagnose.js';
import { type Fault, fault } from './fault.js';
import { UTF16_BODY } from './repaired-bodies.js';
import {
  headerValues,
  type HeaderValues,
  isWellFormed,
  notAccepted,
  repeated,
  type SignatureHeader,
  signatureHeaders,
} from './repaired-headers.js';
import { UTF16_SECRET } from './repaired-secrets.js';

const PROXY =
  'Have every proxy, gateway and middleware on the way pass it on; then look at what your app receives.';
const COPY = 'Copy the signing secret of this endpoint (it begins with whsec_) from the Scalekit dashboard.';
const RAW = 'Take the bytes before any body parser reads the stream.';

/** From one delivery these two can't be told apart, so neither is claimed. */
const UNKNOWN = fault(
  'unknown',
  'Unknown. No signature matches, and nothing that was tried explains it. Either another secret signed it (of ' +
    'another endpoint or environment, or from before a rotation), or the body is not the one that was sent.',
  'Compare the secret with the one the dashboard shows for this very endpoint; give further ones (--secret, --secret-file, ' +
    'the variable) and all are tried. Then take the body from the first place that sees it, as bytes, and compare its ' +
    'length with content-length.',
);

/** Where no signature matches: what makes a match impossible, whatever else is wrong. */
export function explainNoMatch(delivery: DeliveryToDiagnose): Fault[] {
  const headers = headerValues(delivery.headers);
  const decisive = signatureHeaders(headers).find(({ scheme }) => delivery.schemes.includes(scheme));
  const faults = [
    ...secretFaults(delivery, decisive),
    ...(decisive ? headerFaults(decisive, headers) : missingFaults(delivery, headers)),
    ...bodyFaults(delivery.body),
  ];
  return faults.length > 0 ? faults : [UNKNOWN];
}

function secretFaults({ secrets }: DeliveryToDiagnose, decisive: SignatureHeader | undefined): Fault[] {
  if (secrets[0]?.isUtf16) {
    return [UTF16_SECRET];
  }
  const { problem } = inspectSecret(secrets[0]?.value.trim(), [decisive?.scheme ?? 'digest']);
  return problem === undefined ? [] : [fault('secret_unusable', problem, COPY)];
}

function missingFaults({ schemes }: DeliveryToDiagnose, headers: HeaderValues): Fault[] {
  const [other] = signatureHeaders(headers);
  if (other) {
    return [notAccepted(other, schemes)];
  }
  const rest = Object.keys(headers).filter((name) => /^(?:webhook|svix)-(?:id|timestamp)$/.test(name));
  if (rest.length > 0) {
    const lost = rest.some((name) => name.startsWith('svix-')) ? 'svix-signature' : 'webhook-signature';
    return [fault('header_lost', `The header ${lost} is missing, while ${rest.join(' and ')} came.`, PROXY)];
  }
  const similar = Object.keys(headers).filter((name) => /webhook|svix|signature/.test(name));
  const seen = similar.length > 0 ? ` Similar names came: ${similar.join(', ').slice(0, 200)}.` : '';
  return [
    fault(
      'header_lost',
      'None of the signature headers is there: webhook-signature (with webhook-id and webhook-timestamp), ' +
        `scalekit-signature, x-scalekit-signature.${seen}`,
      `Either all were lost or renamed on the way, or the request is not Scalekit's. ${PROXY}`,
    ),
  ];
}

function headerFaults(decisive: SignatureHeader, headers: HeaderValues): Fault[] {
  const { name, scheme, family, values } = decisive;
  const ownNames = [name, `${family}-id`, `${family}-timestamp`];
  const faults = ownNames
    .filter((each) => (headers[each]?.length ?? 0) > 1)
    .map((each) => repeated(each, 'is refused for that'));
  if (!isWellFormed(decisive)) {
    faults.push(
      fault(
        'signature_malformed',
        `The header ${name} holds no whole signature of the scheme ${scheme}: ${values[0]?.length ?? 0} characters ` +
          'came. It is cut off, or was changed.',
        PROXY,
      ),
    );
  }
  if (scheme !== 'standard') {
    return faults;
  }
  const lost = ownNames.filter((each) => !headers[each]?.[0]);
  if (lost.length > 0) {
    faults.push(fault('header_lost', `${lost.join(' and ')} did not come with ${name}.`, PROXY));
  }
  return faults;
}

function bodyFaults(body: Buffer): Fault[] {
  if (body.length === 0) {
    return [fault('body_lost', 'The body is empty: something has read it before.', RAW)];
  }
  if (isUtf16(body)) {
    return [UTF16_BODY];
  }
  if (body.subarray(0, 100).toString('latin1').trim() === '[object Object]') {
    return [fault('body_parsed', 'The body is "[object Object]": a parsed object became text.', RAW)];
  }
  return [];
}

/** Tells what may help to find an unknown cause. */
export function observe({ body, headers }: DeliveryToDiagnose): string[] {
  const seen: string[] = [];
  const announced = headerValues(headers)['content-length']?.[0];
  if (announced === String(body.length)) {
    seen.push(`The body has the ${body.length} bytes that content-length announces.`);
  } else if (announced !== undefined && headerValues(headers)['content-encoding'] === undefined) {
    seen.push(
      `The body has ${body.length} bytes, and content-length announces another number: it was changed or cut.`,
    );
  }
  if (body.includes('\ufffd')) {
    seen.push('The body holds U+FFFD: bytes were lost when something decoded it as text.');
  }
  if (isWrittenByStringify(body)) {
    seen.push(
      'The body is just as JSON.stringify writes it. If your app made it from a parsed body, take the raw bytes.',
    );
  }
  return seen;
}

function isWrittenByStringify(body: Buffer): boolean {
  try {
    const text = body.toString('utf8');
    return JSON.stringify(JSON.parse(text)) === text.trimEnd();
  } catch {
    return false;
  }
}
