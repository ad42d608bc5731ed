import { WebhookVerificationError } from '../webhook-verification.error.js';
import { BASE64_MAC_LENGTH, decodeBase64Mac } from './base64-mac.js';
import { endOfPart, parseTimestamp } from './header-syntax.js';
import { requireHeader, type SignatureHeaders } from './signature-headers.js';
import { MAX_SIGNATURES, type SignatureScheme, type SignedFields } from './signature-scheme.js';
import { isTimestampedHeader } from './timestamped.scheme.js';

const WEBHOOK = { id: 'webhook-id', timestamp: 'webhook-timestamp', signature: 'webhook-signature' } as const;
const SVIX = { id: 'svix-id', timestamp: 'svix-timestamp', signature: 'svix-signature' } as const;

const VERSION = 'v1,';

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
export const standardScheme: SignatureScheme = {
  name: 'standard',

  read(headers) {
    const names = namesIn(headers);
    if (!names) {
      return undefined;
    }
    const signatures = parseSignatures(requireHeader(headers, names.signature));
    const id = requireHeader(headers, names.id);
    const timestamp = requireHeader(headers, names.timestamp);
    if (id === '') {
      throw new WebhookVerificationError('missing_headers', `The header ${names.id} is empty.`);
    }
    const signedAt = parseTimestamp(timestamp);
    return {
      signatures,
      signedPrefix: signedPrefix({ id, timestamp }),
      signedAt,
      proves: { scheme: 'standard', id, timestamp: new Date(signedAt * 1000) },
    };
  },

  signedPrefix,

  write: ({ id, timestamp }, signature) => ({
    [WEBHOOK.id]: id,
    [WEBHOOK.timestamp]: timestamp,
    [WEBHOOK.signature]: `v1,${signature.toString('base64')}`,
  }),
};

function signedPrefix({ id, timestamp }: SignedFields): string {
  return `${id}.${timestamp}.`;
}

/** S2: the `svix-*` names stand in only where `webhook-signature` is absent, and never singly. */
function namesIn(headers: SignatureHeaders): typeof WEBHOOK | typeof SVIX | undefined {
  const signature = headers['webhook-signature'];
  if (signature !== undefined) {
    return isTimestampedHeader(signature) ? undefined : WEBHOOK;
  }
  return headers['svix-signature'] === undefined ? undefined : SVIX;
}

function parseSignatures(header: string): Uint8Array[] {
  const signatures: Uint8Array[] = [];
  let end = 0;
  for (let start = 0; start <= header.length && signatures.length < MAX_SIGNATURES; start = end + 1) {
    end = endOfPart(header, ' ', start);
    const signature = parseSignature(header, start, end)
    if (signature) {
      signatures.push(signature);
    }
  }
  if (signatures.length === 0) {
    throw new WebhookVerificationError(
      'malformed_header',
      'The signature header of the scheme "standard" holds no signature: "v1," and 44 characters of base64.',
    );
  }
  return signatures;
}

/** S4 */
function parseSignature(header: string, start: number, end: number): Uint8Array | undefined {
  return end - start === VERSION.length + BASE64_MAC_LENGTH && header.startsWith(VERSION, start)
    ? decodeBase64Mac(header, start + VERSION.length)
    : undefined;
}
