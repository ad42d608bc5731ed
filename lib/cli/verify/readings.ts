import { WEBHOOK_SCHEMES, type WebhookScheme } from '../../signature/webhook-scheme.js';
import { type Candidate, type Fault, asGiven } from './fault.js';
import { macCandidates, type MacCandidate } from './mac-candidates.js';
import type { ReceivedHeaders } from './received-headers.js';

/** One way to understand the headers: what was signed before the body, and with which signatures to compare. */
export interface Reading {
  /** Whose rules the key and the signed text follow. */
  readonly scheme: WebhookScheme;
  readonly signedPrefix: string;
  readonly macs: readonly MacCandidate[];
  /** As the header has it, where the scheme signs one. */
  readonly timestamp: string | undefined;
  readonly faults: readonly Fault[];
}

export interface SignatureHeader {
  readonly name: 'webhook-signature' | 'svix-signature' | 'scalekit-signature' | 'x-scalekit-signature';
  readonly scheme: WebhookScheme;
  readonly value: string;
  readonly faults: readonly Fault[];
}

/** The signature headers that came, the one that decides first (S2, S3). */
export function signatureHeaders(headers: ReceivedHeaders): SignatureHeader[] {
  const names = [
    'webhook-signature',
    'svix-signature',
    'scalekit-signature',
    'x-scalekit-signature',
  ] as const;
  const found = names.flatMap((name) =>
    headers
      .all(name)
      .map((value, index) => ({ name, value, scheme: schemeOf(name, value), faults: repeated(name, index) })),
  );
  return found.sort((a, b) => WEBHOOK_SCHEMES.indexOf(a.scheme) - WEBHOOK_SCHEMES.indexOf(b.scheme));
}

function schemeOf(name: SignatureHeader['name'], value: string): WebhookScheme {
  if (name === 'x-scalekit-signature') {
    return 'digest';
  }
  return name === 'scalekit-signature' || value.startsWith('t=') ? 'timestamped' : 'standard';
}

function repeated(name: string, index: number): Fault[] {
  return index === 0 ? [] : [repetition(name, 'one of the later ones is the right one')];
}

export function repetition(name: string, detail: string): Fault {
  return {
    cause: 'header_repeated',
    message: `The header ${name} came more than once, and ${detail}.`,
    remedy: 'Find what adds it a second time (a proxy, a middleware): it must come once.',
  };
}

export function readings(
  headers: ReceivedHeaders,
  accepted: readonly WebhookScheme[],
  eventId: string | undefined,
): Reading[] {
  const found = signatureHeaders(headers);
  const decisive = found.find(({ scheme }) => accepted.includes(scheme));
  return found.flatMap((header) => {
    const faults = [...headers.faults, ...header.faults, ...standing(header, decisive, accepted)];
    const macs = macCandidates(header.value, header.scheme);
    return [header.scheme, ...WEBHOOK_SCHEMES.filter((each) => each !== header.scheme)].flatMap((scheme) =>
      signedPrefixes(header, scheme, headers, eventId).map(({ value, faults: more }) => ({
        scheme,
        macs,
        ...value,
        faults: [...faults, ...otherRules(header.scheme, scheme), ...more],
      })),
    );
  });
}

function standing(
  header: SignatureHeader,
  decisive: SignatureHeader | undefined,
  accepted: readonly WebhookScheme[],
): Fault[] {
  if (!accepted.includes(header.scheme)) {
    return [
      {
        cause: 'wrong_scheme',
        message: `The delivery is signed under the scheme ${header.scheme} (${header.name}); accepted is ${accepted.join(', ')}.`,
        remedy: `Accept it: --scheme ${header.scheme} here, signature.schemes in your app.`,
      },
    ];
  }
  if (decisive && header.scheme !== decisive.scheme) {
    return [
      {
        cause: 'header_altered',
        message:
          `${header.name} holds a right signature, so secret and body are right; but ${decisive.name} decides, being ` +
          'stronger, and does not match: it, its id or its timestamp was changed.',
        remedy: 'Look at what passes the request on: the webhook-* headers must stay as sent.',
      },
    ];
  }
  return [];
}

function otherRules(written: WebhookScheme, signed: WebhookScheme): Fault[] {
  return written === signed
    ? []
    : [
        {
          cause: 'wrong_scheme',
          message: `The header is written as the scheme ${written} has it, but signed by the rules of ${signed}.`,
          remedy: `Have the sender sign as ${written} asks, or send the header of ${signed}.`,
        },
      ];
}

type Prefix = Pick<Reading, 'signedPrefix' | 'timestamp'>;

function signedPrefixes(
  { name, scheme: written, value }: SignatureHeader,
  scheme: WebhookScheme,
  headers: ReceivedHeaders,
  eventId: string | undefined,
): Candidate<Prefix>[] {
  if (scheme === 'digest') {
    return [asGiven({ signedPrefix: '', timestamp: undefined })];
  }
  const family = name === 'svix-signature' ? 'svix' : 'webhook';
  const timestamps =
    written === 'timestamped'
      ? [asGiven(/(?:^|,)\s*t=([^,\s]*)/.exec(value)?.[1] ?? '')]
      : values(headers, `${family}-timestamp`);
  if (scheme === 'timestamped') {
    return timestamps.map(({ value: timestamp, faults }) => ({
      value: { signedPrefix: `${timestamp}.`, timestamp },
      faults,
    }));
  }
  const ids = [...values(headers, `${family}-id`), ...asId(eventId)];
  return ids.flatMap((id) =>
    timestamps.map((timestamp) => ({
      value: { signedPrefix: `${id.value}.${timestamp.value}.`, timestamp: timestamp.value },
      faults: [...id.faults, ...timestamp.faults],
    })),
  );
}

/** The values of a header, and the parts of one that was joined from several (RFC 9110, 5.3). */
function values(
  headers: ReceivedHeaders,
  name: 'webhook-id' | 'webhook-timestamp' | 'svix-id' | 'svix-timestamp',
): Candidate<string>[] {
  const all = headers.all(name).map((value, index) => ({ value, faults: repeated(name, index) }));
  const first = all[0]?.value ?? '';
  const parts = first.includes(',') ? [...new Set(first.split(/,\s*/))] : [];
  return [
    ...all,
    ...parts.map((value) => ({ value, faults: [repetition(name, 'its values were joined by a comma')] })),
  ];
}

function asId(eventId: string | undefined): Candidate<string>[] {
  const fault: Fault = {
    cause: 'header_altered',
    message: 'The header webhook-id is not the one that was signed, which is the id of the event.',
    remedy: 'Find what sets webhook-id anew: it must stay as sent.',
  };
  return eventId === undefined ? [] : [{ value: eventId, faults: [fault] }];
}
