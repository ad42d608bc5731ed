import { WEBHOOK_SCHEMES, type WebhookScheme } from '../../signature/webhook-scheme.js';
import type { HeaderLines } from './delivery-to-diagnose.js';
import { type Candidate, type Fault, fault } from './fault.js';

/** By lower-case name, as `verifyWebhook` takes them. */
export type HeaderValues = Readonly<Record<string, readonly string[]>>;

/** Headers to verify, and the only scheme to verify them by. */
export interface SchemeHeaders {
  readonly scheme: WebhookScheme;
  readonly headers: HeaderValues;
}

export interface SignatureHeader {
  readonly name: string;
  readonly scheme: WebhookScheme;
  readonly values: readonly string[];
  /** Before `-id` and `-timestamp`. */
  readonly family: 'webhook' | 'svix';
}

const AS_SENT =
  'Look at what passes the request on (proxy, gateway, log, your own code): headers must stay as sent.';

export function headerValues(lines: HeaderLines): HeaderValues {
  const values: Record<string, string[]> = {};
  for (const [name, value] of lines) {
    (values[name.toLowerCase()] ??= []).push(value);
  }
  return values;
}

/** The signature headers that came, the strongest scheme first (S2, S3). */
export function signatureHeaders(headers: HeaderValues): SignatureHeader[] {
  const names = ['webhook-signature', 'svix-signature', 'scalekit-signature', 'x-scalekit-signature'];
  return names
    .flatMap((name): SignatureHeader[] => {
      const values = headers[name];
      const family = name.startsWith('svix') ? 'svix' : 'webhook';
      return values ? [{ name, scheme: schemeOf(name, values[0]), values, family }] : [];
    })
    .sort((a, b) => WEBHOOK_SCHEMES.indexOf(a.scheme) - WEBHOOK_SCHEMES.indexOf(b.scheme));
}

function schemeOf(name: string, value = ''): WebhookScheme {
  if (name === 'x-scalekit-signature') {
    return 'digest';
  }
  return name === 'scalekit-signature' || value.startsWith('t=') ? 'timestamped' : 'standard';
}

/** Each signature header by itself: as it came, then its signatures written as each scheme writes them. */
export function repairedHeaders(
  headers: HeaderValues,
  accepted: readonly WebhookScheme[],
): Candidate<SchemeHeaders>[] {
  const found = signatureHeaders(headers);
  const decisive = found.find(({ scheme }) => accepted.includes(scheme));
  return found.flatMap((header) => {
    const faults = standingFaults(header, decisive, accepted);
    const asCame = { scheme: header.scheme, headers: { ...pick(headers, header) } };
    return [
      { value: asCame, faults },
      ...WEBHOOK_SCHEMES.flatMap((scheme) =>
        rewritten(header, scheme, headers).map(({ value, faults: more }) => ({
          value: { scheme, headers: value },
          faults: [...faults, ...more],
        })),
      ),
    ];
  });
}

/** Without the other signature headers, of which a stronger one would decide. */
function pick(headers: HeaderValues, { name, family }: SignatureHeader): HeaderValues {
  const names = [name, `${family}-id`, `${family}-timestamp`];
  return Object.fromEntries(names.flatMap((each) => (headers[each] ? [[each, headers[each]]] : [])));
}

export function notAccepted({ scheme, name }: SignatureHeader, accepted: readonly WebhookScheme[]): Fault {
  return fault(
    'wrong_scheme',
    `The delivery is signed under the scheme ${scheme} (${name}); accepted is ${accepted.join(', ')}.`,
    `Accept it: --scheme ${scheme} here, signature.schemes in your app.`,
  );
}

function standingFaults(
  header: SignatureHeader,
  decisive: SignatureHeader | undefined,
  accepted: readonly WebhookScheme[],
): Fault[] {
  if (!accepted.includes(header.scheme)) {
    return [notAccepted(header, accepted)];
  }
  return !decisive || decisive.scheme === header.scheme
    ? []
    : [
        fault(
          'header_altered',
          `${header.name} holds a right signature, so secret and body are right. But ${decisive.name} decides, being ` +
            'stronger, and does not match: it, its id or its timestamp was changed.',
          AS_SENT,
        ),
      ];
}

const SIGNATURE = /(?<![\w+/-])(?:[0-9a-f]{64}|[\w+/-]{43}=)(?![\w+/=-])/gi;
const WELL_FORMED: Readonly<Record<WebhookScheme, RegExp>> = {
  standard: /(?:^| )v1,[A-Za-z0-9+/]{43}=(?: |$)/,
  timestamped: /^t=\d+(?:,v1=[0-9a-f]{64})+$/i,
  digest: /^(?:sha256=)?[0-9a-f]{64}$/i,
};

/** True where a header holds a signature as its scheme writes it. */
export function isWellFormed({ scheme, values: [value = ''] }: SignatureHeader): boolean {
  return WELL_FORMED[scheme].test(value);
}

function rewritten(
  header: SignatureHeader,
  scheme: WebhookScheme,
  headers: HeaderValues,
): Candidate<HeaderValues>[] {
  const text = header.values.join(' ');
  const macs = Array.from(text.matchAll(SIGNATURE), ([mac]) =>
    Buffer.from(mac, mac.length === 64 ? 'hex' : 'base64'),
  );
  const faults = rewritingFaults(header, scheme);
  const timestamps =
    header.scheme === 'timestamped'
      ? [{ value: /(?:^|[,\s])t=(\d+)/.exec(text)?.[1] ?? '', faults: [] }]
      : valuesOf(headers, `${header.family}-timestamp`);
  const ids = valuesOf(headers, `${header.family}-id`);
  switch (scheme) {
    case 'digest':
      return macs.map((mac) => ({ value: { 'x-scalekit-signature': [mac.toString('hex')] }, faults }));
    case 'timestamped':
      return timestamps.map((timestamp) => {
        const signatures = macs.map((mac) => `,v1=${mac.toString('hex')}`).join('');
        return {
          value: { 'scalekit-signature': [`t=${timestamp.value}${signatures}`] },
          faults: [...faults, ...timestamp.faults],
        };
      });
    case 'standard': {
      const signatures = macs.map((mac) => `v1,${mac.toString('base64')}`).join(' ');
      return ids.flatMap((id) =>
        timestamps.map((timestamp) => ({
          value: {
            'webhook-id': [id.value],
            'webhook-timestamp': [timestamp.value],
            'webhook-signature': [signatures],
          },
          faults: [...faults, ...id.faults, ...timestamp.faults],
        })),
      );
    }
  }
}

function rewritingFaults(header: SignatureHeader, scheme: WebhookScheme): Fault[] {
  if (header.scheme !== scheme) {
    return [
      fault(
        'wrong_scheme',
        `The header ${header.name} is written as the scheme ${header.scheme} has it, but signed by the rules of ${scheme}.`,
        `Have the sender sign as ${header.scheme} asks, or send the header of ${scheme}.`,
      ),
    ];
  }
  if (header.values.length > 1) {
    return [repeated(header.name, 'one of its values holds the right signature')];
  }
  return isWellFormed(header)
    ? []
    : [
        fault(
          'header_altered',
          `The header ${header.name} holds the right signature, but not as it is sent: it was joined, quoted or encoded anew.`,
          AS_SENT,
        ),
      ];
}

export function repeated(name: string, detail: string): Fault {
  return fault(
    'header_repeated',
    `The header ${name} came more than once, and ${detail}.`,
    'Find what adds it a second time (a proxy, a middleware): it must come once.',
  );
}

/** The values of a header, and the parts of one that was joined from several (RFC 9110, 5.3). */
function valuesOf(headers: HeaderValues, name: string): Candidate<string>[] {
  const all = headers[name] ?? [];
  const parts = new Set(all.flatMap((value) => value.split(/,\s*/)));
  return all.length === 1 && parts.size === 1 && all[0] === [...parts][0]
    ? [{ value: all[0] ?? '', faults: [] }]
    : [...parts].map((value) => ({ value, faults: [repeated(name, 'one of its values is the signed one')] }));
}
