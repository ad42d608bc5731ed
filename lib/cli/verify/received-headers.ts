import { SIGNATURE_HEADERS } from '../../signature/schemes/signature-headers.js';
import { WEBHOOK_SCHEMES, type WebhookScheme } from '../../signature/webhook-scheme.js';
import { type Candidate, type Fault, fault } from './fault.js';

/** Headers as they came: names in any case, repeated ones included. */
export type HeaderLines = readonly (readonly [name: string, value: string])[];

/** By lower-case name, as `verifyWebhook` takes them. */
export type HeaderValues = Readonly<Record<string, readonly string[]>>;

/** The header that decides about a delivery. */
export interface DecisiveHeader {
  readonly name: string;
  readonly scheme: WebhookScheme;
  readonly values: readonly string[];
  readonly idName: string;
  readonly timestampName: string;
  /** True if it holds a signature as its scheme writes it. */
  readonly isWellFormed: boolean;
}

/** The signed fields by the rules of one scheme, and the signatures that the header holds. */
export interface SignedFields {
  readonly scheme: WebhookScheme;
  readonly id: string;
  readonly timestamp: string;
  readonly macs: readonly string[];
}

export function headerValues(lines: HeaderLines): HeaderValues {
  const values: Record<string, string[]> = {};
  for (const [name, value] of lines) {
    (values[name.toLowerCase()] ??= []).push(value);
  }
  return values;
}

const WELL_FORMED: Readonly<Record<WebhookScheme, RegExp>> = {
  standard: /(?:^| )v1,[A-Za-z0-9+/]{43}=(?: |$)/,
  timestamped: /^t=\d+(?:,v1=[0-9a-f]{64})+$/i,
  digest: /^(?:sha256=)?[0-9a-f]{64}$/i,
};

/** The signature header of the strongest accepted scheme, or of any scheme if none is accepted (S2, S3). */
export function decisiveHeader(
  headers: HeaderValues,
  accepted: readonly WebhookScheme[],
): DecisiveHeader | undefined {
  const found = SIGNATURE_HEADERS.filter((name) => name.endsWith('-signature')).flatMap((name) => {
    const values = headers[name];
    if (!values) {
      return [];
    }
    const scheme = schemeOf(name, values[0]);
    const family = name.startsWith('svix') ? 'svix' : 'webhook';
    const isWellFormed = WELL_FORMED[scheme].test(values[0] ?? '');
    return [
      { name, scheme, values, idName: `${family}-id`, timestampName: `${family}-timestamp`, isWellFormed },
    ];
  });
  found.sort((a, b) => WEBHOOK_SCHEMES.indexOf(a.scheme) - WEBHOOK_SCHEMES.indexOf(b.scheme));
  return found.find(({ scheme }) => accepted.includes(scheme)) ?? found[0];
}

function schemeOf(name: string, value = ''): WebhookScheme {
  if (name === 'x-scalekit-signature') {
    return 'digest';
  }
  return name === 'scalekit-signature' || value.startsWith('t=') ? 'timestamped' : 'standard';
}

/** What the header may mean: by the rules of its own scheme, and by those of the others. */
export function headerCandidates(
  header: DecisiveHeader,
  headers: HeaderValues,
  accepted: readonly WebhookScheme[],
): Candidate<SignedFields>[] {
  const text = header.values.join(' ');
  const macs = macsIn(text);
  const none: Candidate<string>[] = [{ value: '0', faults: [] }];
  const ids = valuesOf(headers, header.idName);
  const timestamps =
    header.scheme === 'timestamped'
      ? [{ value: /(?:^|[,\s])t=(\d+)/.exec(text)?.[1] ?? '', faults: [] }]
      : valuesOf(headers, header.timestampName);
  return WEBHOOK_SCHEMES.flatMap((scheme) =>
    (scheme === 'standard' ? ids : none).flatMap((id) =>
      (scheme === 'digest' ? none : timestamps).map((timestamp) => ({
        value: { scheme, id: id.value, timestamp: timestamp.value, macs },
        faults: [...formFaults(header, scheme, accepted), ...id.faults, ...timestamp.faults],
      })),
    ),
  );
}

/** The values of a header, and the parts of one that was joined from several (RFC 9110, 5.3). */
function valuesOf(headers: HeaderValues, name: string): Candidate<string>[] {
  const all = headers[name] ?? [];
  const parts = [...new Set(all.flatMap((value) => value.split(/,\s*/)))];
  const isPlain = all.length === 1 && parts.length === 1 && parts[0] === all[0];
  return parts.map((value) => ({ value, faults: isPlain ? [] : [repeated(name)] }));
}

const MAC = /(?<![\w+/-])(?:[0-9a-f]{64}|[\w+/-]{43}=)(?![\w+/=-])/gi;

/** Whatever in the text may be a signature of 32 bytes, in hex or base64. All of them are returned in hex. */
export function macsIn(text: string): string[] {
  return Array.from(text.matchAll(MAC), ([mac]) =>
    Buffer.from(mac, mac.length === 64 ? 'hex' : 'base64').toString('hex'),
  );
}

export function repeated(name: string): Fault {
  return fault('header_repeated', `The header ${name} came more than once, and is refused for that.`);
}

export function notAccepted({ scheme, name }: DecisiveHeader, accepted: readonly WebhookScheme[]): Fault {
  return fault(
    'wrong_scheme',
    `The delivery is signed under the scheme ${scheme} (${name}); accepted is ${accepted.join(', ')}.`,
  );
}

function formFaults(
  header: DecisiveHeader,
  scheme: WebhookScheme,
  accepted: readonly WebhookScheme[],
): Fault[] {
  const { name, values, isWellFormed } = header;
  const faults = accepted.includes(header.scheme) ? [] : [notAccepted(header, accepted)];
  if (header.scheme !== scheme) {
    const message = `The header ${name} has the form of the scheme ${header.scheme}, but is signed by the rules of ${scheme}.`;
    faults.push(fault('wrong_scheme', message));
  } else if (values.length > 1) {
    faults.push(repeated(name));
  } else if (!isWellFormed) {
    const how = 'but not as it was sent: it was joined, quoted or encoded again.';
    faults.push(fault('header_altered', `The header ${name} holds the right signature, ${how}`));
  }
  return faults;
}
