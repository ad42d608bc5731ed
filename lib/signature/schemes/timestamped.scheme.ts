import { Buffer } from 'node:buffer';
import { WebhookVerificationError } from '../webhook-verification.error.js';
import { endOfPart, parseTimestamp } from './header-syntax.js';
import {
  headerStartsWith,
  requireHeader,
  type HeaderValue,
  type SignatureHeaders,
} from './signature-headers.js';
import { MAX_SIGNATURES, type SignatureScheme, type SignedFields } from './signature-scheme.js';

const SIGNATURE = /^v1=[0-9A-Fa-f]{64}$/;

/** https://docs.scalekit.com: `t=<unix seconds>,v1=<hex>`. */
export const timestampedScheme: SignatureScheme = {
  name: 'timestamped',

  read(headers) {
    const name = nameIn(headers);
    if (!name) {
      return undefined;
    }
    const { timestamp, signatures } = parse(requireHeader(headers, name));
    const signedAt = parseTimestamp(timestamp);
    return {
      signatures,
      signedPrefix: signedPrefix({ timestamp }),
      signedAt,
      proves: { scheme: 'timestamped', timestamp: new Date(signedAt * 1000) },
    };
  },

  signedPrefix,

  write: ({ timestamp }, signature) => ({
    'scalekit-signature': `t=${timestamp},v1=${signature.toString('hex')}`,
  }),
};

/** S2: so `webhook-signature` belongs to `timestamped`; else to `standard`. */
export function isTimestampedHeader(value: HeaderValue): boolean {
  return headerStartsWith(value, 't=');
}

function signedPrefix({ timestamp }: Pick<SignedFields, 'timestamp'>): string {
  return `${timestamp}.`;
}

function nameIn(headers: SignatureHeaders): 'scalekit-signature' | 'webhook-signature' | undefined {
  if (headers['scalekit-signature'] !== undefined) {
    return 'scalekit-signature';
  }
  return isTimestampedHeader(headers['webhook-signature']) ? 'webhook-signature' : undefined;
}

/** S6 */
function parse(header: string): { timestamp: string; signatures: Buffer[] } {
  if (/\s/.test(header)) {
    throw malformed('holds white space');
  }
  let timestamp: string | undefined;
  const signatures: Buffer[] = [];
  let end = 0;
  for (let start = 0; start <= header.length; start = end + 1) {
    end = endOfPart(header, ',', start);
    const part = header.slice(start, end);
    if (part.startsWith('t=')) {
      if (timestamp !== undefined) {
        throw malformed('holds more than one t=');
      }
      timestamp = part.slice(2);
    } else if (signatures.length < MAX_SIGNATURES && SIGNATURE.test(part)) {
      signatures.push(Buffer.from(part.slice(3), 'hex'));
    }
  }
  if (timestamp === undefined) {
    throw malformed('holds no t=');
  }
  if (signatures.length === 0) {
    throw malformed('holds no v1= of 64 hex digits');
  }
  return { timestamp, signatures };
}

function malformed(what: string): WebhookVerificationError {
  return new WebhookVerificationError(
    'malformed_header',
    `The signature header of the scheme "timestamped" ${what}: it must be t=<unix seconds>,v1=<hex>.`,
  );
}
