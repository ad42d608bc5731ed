import { Buffer } from 'node:buffer';
import { WebhookVerificationError } from '../signature.errors.js';
import { startsWith, type SignatureHeaders } from './signature-headers.js';
import {
  endOfPart,
  MAX_SIGNATURES,
  parseTimestamp,
  requireText,
  type SignatureScheme,
  type SignedFields,
} from './signature-scheme.js';

const SIGNATURE = /^v1=[0-9A-Fa-f]{64}$/;

/** https://docs.scalekit.com: `t=<unix seconds>,v1=<hex>`. */
export const timestampedScheme: SignatureScheme = {
  name: 'timestamped',

  read(headers) {
    const name = headerIn(headers);
    if (!name) {
      return undefined;
    }
    const { timestamp, signatures } = parse(requireText(headers, name));
    return {
      signatures,
      signedPrefix: signedPrefix({ timestamp }),
      proves: { scheme: 'timestamped', timestamp: parseTimestamp(timestamp) },
    };
  },

  signedPrefix,

  write: ({ timestamp }, signature) => ({
    'scalekit-signature': `t=${timestamp},v1=${signature.toString('hex')}`,
  }),
};

/** S2: a `webhook-signature` that begins with `t=` is of this scheme; any other is of `standard`. */
export function isTimestamped(headers: SignatureHeaders): boolean {
  return startsWith(headers['webhook-signature'], 't=');
}

function signedPrefix({ timestamp }: Pick<SignedFields, 'timestamp'>): string {
  return `${timestamp}.`;
}

function headerIn(headers: SignatureHeaders): 'scalekit-signature' | 'webhook-signature' | undefined {
  if (headers['scalekit-signature'] !== undefined) {
    return 'scalekit-signature';
  }
  return isTimestamped(headers) ? 'webhook-signature' : undefined;
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
