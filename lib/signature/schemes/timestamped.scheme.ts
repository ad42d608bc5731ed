import { Buffer } from 'node:buffer';
import { WebhookVerificationError } from '../webhook-verification.error.js';
import { endOfPart, parseTimestamp } from './header-syntax.js';
import { requireText, startsWith, type HeaderValue } from './header-value.js';
import type { SignatureHeaders } from './signature-headers.js';
import { MAX_SIGNATURES, type SignatureScheme, type SignedFields } from './signature-scheme.js';

const SIGNATURE = /^v1=[0-9A-Fa-f]{64}$/;

/** https://docs.scalekit.com: `t=<unix seconds>,v1=<hex>`. */
export const timestampedScheme: SignatureScheme = {
  name: 'timestamped',

  read(headers) {
    const header = headerIn(headers);
    if (header === undefined) {
      return undefined;
    }
    const { timestamp, signatures } = parse(requireText(header, 'scalekit-signature (or webhook-signature)'));
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

/** S2: a `webhook-signature` that begins so is of this scheme; any other is of `standard`. */
export function isTimestamped(webhookSignature: HeaderValue): boolean {
  return startsWith(webhookSignature, 't=');
}

function signedPrefix({ timestamp }: Pick<SignedFields, 'timestamp'>): string {
  return `${timestamp}.`;
}

function headerIn({ scalekitSignature, webhook }: SignatureHeaders): HeaderValue {
  return scalekitSignature ?? (isTimestamped(webhook.signature) ? webhook.signature : undefined);
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
