import { WebhookVerificationError } from '../signature.errors.js';
import type { SignatureHeaders } from './signature-headers.js';
import {
  endOfPart,
  MAX_SIGNATURES,
  parseTimestamp,
  requireText,
  type SignatureScheme,
  type SignedFields,
} from './signature-scheme.js';
import { isTimestamped } from './timestamped.scheme.js';

const VERSION = 'v1,';
/** 32 bytes make 43 digits of base64 and one `=`. */
const BASE64_MAC_LENGTH = 44;
/** The length of an HMAC-SHA256. */
export const MAC_BYTES = 32;

const WEBHOOK = { id: 'webhook-id', timestamp: 'webhook-timestamp', signature: 'webhook-signature' } as const;
const SVIX = { id: 'svix-id', timestamp: 'svix-timestamp', signature: 'svix-signature' } as const;

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUE_OF = new Int8Array(128).fill(-1);
for (let value = 0; value < ALPHABET.length; value++) {
  VALUE_OF[ALPHABET.charCodeAt(value)] = value;
}

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
export const standardScheme: SignatureScheme = {
  name: 'standard',

  read(headers, scratch) {
    const names = namesIn(headers);
    if (!names) {
      return undefined;
    }
    const signatures = parseSignatures(requireText(headers, names.signature), scratch);
    const id = requireText(headers, names.id);
    const timestamp = requireText(headers, names.timestamp);
    if (id === '') {
      throw new WebhookVerificationError('missing_headers', `The header ${names.id} is empty.`);
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
function namesIn(headers: SignatureHeaders): typeof WEBHOOK | typeof SVIX | undefined {
  if (headers[WEBHOOK.signature] !== undefined) {
    return isTimestamped(headers) ? undefined : WEBHOOK;
  }
  return headers[SVIX.signature] === undefined ? undefined : SVIX;
}

/** Reads a single signature into `scratch`: nearly every delivery carries one, and an allocation costs more than the rest. */
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

/** S4: undefined for anything else between two spaces, which is skipped. */
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

/**
 * Decodes the MAC whose canonical base64 begins at `start`; undefined if there is none (S4). Node's decoder would also
 * take base64url, missing padding, some non-ASCII letters and set spare bits: many texts for one MAC.
 *
 * @param bytes the MAC is written here, and this is returned
 */
function decodeBase64Mac(
  text: string,
  start: number,
  bytes: Uint8Array = new Uint8Array(MAC_BYTES),
): Uint8Array | undefined {
  let length = 0;
  let bits = 0;
  let bitCount = 0;
  for (let i = start; i < start + 43; i++) {
    const value = VALUE_OF[text.charCodeAt(i)] ?? -1;
    if (value < 0) {
      return undefined;
    }
    bits = (bits << 6) | value;
    bitCount += 6;
    if (bitCount >= 8) {
      bitCount -= 8;
      bytes[length++] = bits >> bitCount;
    }
  }
  return (bits & 3) === 0 && text[start + 43] === '=' ? bytes : undefined;
}
