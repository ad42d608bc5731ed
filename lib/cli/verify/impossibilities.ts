import { inspectSecret } from '../../signature/webhook-secret.js';
import { isUtf16 } from '../input/utf16.js';
import { UTF16_BODY } from './body-candidates.js';
import { malformedTimestamp } from './clock-faults.js';
import type { DeliveryToDiagnose } from './diagnosis.js';
import type { Fault, VerifyCause } from './fault.js';
import { countWellFormed } from './mac-candidates.js';
import { repetition, signatureHeaders, type SignatureHeader } from './readings.js';
import type { ReceivedHeaders } from './received-headers.js';
import { UTF16_SECRET } from './secret-candidates.js';

const PROXY =
  'Have every proxy, gateway and middleware on the way pass it on; then look at what your app receives.';
const COPY = 'Copy the signing secret of this endpoint (it begins with whsec_) from the Scalekit dashboard.';

/** Where no signature matches: what makes a match impossible, whatever else is wrong. */
export function impossibilities(delivery: DeliveryToDiagnose, headers: ReceivedHeaders): Fault[] {
  const decisive = signatureHeaders(headers).find(({ scheme }) => delivery.schemes.includes(scheme));
  return [
    ...secretFaults(delivery, decisive),
    ...(decisive ? headerFaults(decisive, headers) : missing(delivery, headers)),
    ...bodyFaults(delivery, headers),
  ];
}

function secretFaults({ secrets }: DeliveryToDiagnose, decisive: SignatureHeader | undefined): Fault[] {
  if (secrets[0]?.isUtf16) {
    return [UTF16_SECRET];
  }
  const secret = secrets[0]?.value.trim() ?? '';
  if (secret === '') {
    return [fault('secret_empty', 'The secret is empty.', `Set the variable where the app runs. ${COPY}`)];
  }
  if (/^["']?v1[,=](?!whsec_)/.test(secret)) {
    return [fault('secret_is_a_signature', 'The secret is a signature (v1,…), not a secret.', COPY)];
  }
  if (/^["']?wh[sp]k_/.test(secret)) {
    return [fault('secret_is_asymmetric', 'The secret is an asymmetric key (whsk_ or whpk_).', COPY)];
  }
  const scheme = decisive?.scheme ?? 'digest';
  return inspectSecret(secret, [scheme]).problem === undefined
    ? []
    : [
        fault(
          'secret_unusable',
          scheme === 'standard'
            ? 'The secret can be none of the scheme standard: that is base64 of at least 16 bytes after whsec_.'
            : 'The secret is too short to be one.',
          COPY,
        ),
      ];
}

function missing({ schemes }: DeliveryToDiagnose, headers: ReceivedHeaders): Fault[] {
  const [other] = signatureHeaders(headers);
  if (other) {
    return [
      fault(
        'wrong_scheme',
        `The delivery is signed under the scheme ${other.scheme} (${other.name}); accepted is ${schemes.join(', ')}.`,
        `Accept it: --scheme ${other.scheme} here, signature.schemes in your app.`,
      ),
    ];
  }
  const rest = headers.present;
  const lost = rest.some((name) => name.startsWith('svix-')) ? 'svix-signature' : 'webhook-signature';
  return rest.length > 0
    ? [fault('header_lost', `The header ${lost} is missing, while ${rest.join(' and ')} came.`, PROXY)]
    : [
        fault(
          'header_lost',
          'None of the signature headers is there: webhook-signature (with webhook-id and webhook-timestamp), ' +
            'scalekit-signature, x-scalekit-signature.',
          `Either all were lost on the way, or the request is not Scalekit's. ${PROXY}`,
        ),
      ];
}

function headerFaults(decisive: SignatureHeader, headers: ReceivedHeaders): Fault[] {
  const faults = headers.repeated.map((name) => repetition(name, 'is refused for that'));
  if (countWellFormed(decisive.value, decisive.scheme) === 0) {
    faults.push(
      fault(
        'signature_malformed',
        `The header ${decisive.name} holds no whole signature of the scheme ${decisive.scheme}: ` +
          `${decisive.value.length} characters came. It is cut off, or was changed.`,
        PROXY,
      ),
    );
  }
  if (decisive.scheme === 'standard') {
    const family = decisive.name === 'svix-signature' ? 'svix' : 'webhook';
    const [id, timestamp] = [headers.get(`${family}-id`), headers.get(`${family}-timestamp`)];
    const lost = [id ? [] : `${family}-id`, timestamp ? [] : `${family}-timestamp`].flat();
    if (lost.length > 0) {
      faults.push(fault('header_lost', `${lost.join(' and ')} did not come with ${decisive.name}.`, PROXY));
    }
    if (timestamp && !/^\d{1,15}$/.test(timestamp)) {
      faults.push(malformedTimestamp());
    }
  }
  return faults;
}

function bodyFaults({ body }: DeliveryToDiagnose, headers: ReceivedHeaders): Fault[] {
  const raw = 'Take the bytes before any body parser reads the stream.';
  if (body.length === 0) {
    return [fault('body_lost', 'The body is empty: something has read it before.', raw)];
  }
  if (isUtf16(body)) {
    return [UTF16_BODY];
  }
  if (body.toString('latin1').trim() === '[object Object]') {
    return [fault('body_parsed', 'The body is "[object Object]": a parsed object became text.', raw)];
  }
  const sent = headers.other('content-length');
  const isPlain = !/\S/.test(headers.other('content-encoding') ?? '');
  return sent !== undefined && /^\d+$/.test(sent) && isPlain && Number(sent) !== body.length
    ? [
        fault(
          'body_length',
          `The body has ${body.length} bytes, and ${sent} were sent (content-length): it was changed or cut.`,
          raw,
        ),
      ]
    : [];
}

function fault(cause: VerifyCause, message: string, remedy: string): Fault {
  return { cause, message, remedy };
}
