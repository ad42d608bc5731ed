import { WebhookVerificationError } from '../signature.errors.js';
import {
  parseTimestamp,
  requireText,
  type SignatureScheme,
  signaturesIn,
  type SignedFields,
} from '../webhook-scheme.js';
import { startsWith, type SignatureHeaders } from './signature-headers.js';

/** S6: parts of a list that is joined by commas. */
const TIMESTAMP = /(?<![^,])t=([^,]*)/g;
const SIGNATURE = /(?<![^,])v1=([0-9A-Fa-f]{64})(?![^,])/g;

/** https://docs.scalekit.com: `t=<unix seconds>,v1=<hex>`. */
export const timestampedScheme: SignatureScheme = {
  name: 'timestamped',

  read(headers) {
    const name = headerIn(headers);
    if (!name) {
      return undefined;
    }
    const header = requireText(headers, name);
    const [first, second] = header.matchAll(TIMESTAMP);
    const timestamp = first?.[1];
    if (timestamp === undefined || second || /\s/.test(header)) {
      throw new WebhookVerificationError(
        'malformed_header',
        'The signature header of the scheme "timestamped" holds white space, no t= or more than one: it must be ' +
          't=<unix seconds>,v1=<hex>.',
      );
    }
    return {
      signatures: signaturesIn(header, SIGNATURE, 'hex', 'v1= of 64 hex digits (scheme "timestamped")'),
      signedPrefix: signedPrefix({ timestamp }),
      proves: { scheme: 'timestamped', timestamp: parseTimestamp(timestamp) },
    };
  },

  signedPrefix,

  write: ({ timestamp }, signature) => ({
    'scalekit-signature': `t=${timestamp},v1=${signature.toString('hex')}`,
  }),
};

function signedPrefix({ timestamp }: Pick<SignedFields, 'timestamp'>): string {
  return `${timestamp}.`;
}

/** S2: a `webhook-signature` that begins with `t=` is of this scheme; any other is of `standard`. */
export function isTimestamped(headers: SignatureHeaders): boolean {
  return startsWith(headers['webhook-signature'], 't=');
}

function headerIn(headers: SignatureHeaders): 'scalekit-signature' | 'webhook-signature' | undefined {
  if (headers['scalekit-signature'] !== undefined) {
    return 'scalekit-signature';
  }
  return isTimestamped(headers) ? 'webhook-signature' : undefined;
}
