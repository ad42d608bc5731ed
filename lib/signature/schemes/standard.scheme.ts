import { WebhookVerificationError } from '../webhook-verification.error.js';
import { BASE64_MAC_LENGTH, decodeBase64Mac } from './base64-mac.js';
import { endOfPart, parseTimestamp } from './header-syntax.js';
import { requireText } from './header-value.js';
import type { SignatureHeaders } from './signature-headers.js';
import { MAX_SIGNATURES, type SignatureScheme, type SignedFields } from './signature-scheme.js';
import { isTimestamped } from './timestamped.scheme.js';

const VERSION = 'v1,';

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
export const standardScheme: SignatureScheme = {
  name: 'standard',

  read(headers, scratch) {
    const prefix = prefixIn(headers);
    if (!prefix) {
      return undefined;
    }
    const trio = headers[prefix];
    const signatures = parseSignatures(requireText(trio.signature, prefix, '-signature'), scratch);
    const id = requireText(trio.id, prefix, '-id');
    const timestamp = requireText(trio.timestamp, prefix, '-timestamp');
    if (id === '') {
      throw new WebhookVerificationError('missing_headers', `The header ${prefix}-id is empty.`);
    }
    return {
      signatures,
      signedPrefix: signedPrefix({ id, timestamp }),
      proves: { scheme: 'standard', id, timestamp: parseTimestamp(timestamp) },
    };
  },

  signedPrefix,

  write: ({ id, timestamp }, signature) => ({
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': VERSION + signature.toString('base64'),
  }),
};

function signedPrefix({ id, timestamp }: SignedFields): string {
  return `${id}.${timestamp}.`;
}

/** S2: `svix-*` stand in only where `webhook-signature` is absent, and never singly. */
function prefixIn({ webhook, svix }: SignatureHeaders): 'webhook' | 'svix' | undefined {
  if (webhook.signature !== undefined) {
    return isTimestamped(webhook.signature) ? undefined : 'webhook';
  }
  return svix.signature === undefined ? undefined : 'svix';
}

/** Nearly every delivery carries one signature. Allocating for it would cost more than reading it. */
function parseSignatures(header: string, scratch: Uint8Array): readonly Uint8Array[] {
  const only = parseSignature(header, 0, header.length, scratch);
  return only ? [only] : parseList(header);
}

function parseList(header: string): readonly Uint8Array[] {
  const signatures: Uint8Array[] = [];
  let end = 0;
  for (let start = 0; start <= header.length && signatures.length < MAX_SIGNATURES; start = end + 1) {
    end = endOfPart(header, ' ', start);
    const signature = parseSignature(header, start, end);
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

/** S4: whatever else stands between two spaces neither rescues nor ruins. */
function parseSignature(
  header: string,
  start: number,
  end: number,
  bytes?: Uint8Array,
): Uint8Array | undefined {
  return end - start === VERSION.length + BASE64_MAC_LENGTH && header.startsWith(VERSION, start)
    ? decodeBase64Mac(header, start + VERSION.length, bytes)
    : undefined;
}
