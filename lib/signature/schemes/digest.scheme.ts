import { Buffer } from 'node:buffer';
import { WebhookVerificationError } from '../signature.errors.js';
import { requireText, type SignatureScheme } from './signature-scheme.js';

const NAME = 'x-scalekit-signature';
/** S7 */
const SIGNATURE = /^(?:sha256=)?([0-9A-Fa-f]{64})$/;

/** https://docs.scalekit.com: the MAC of the body alone, in hex. */
export const digestScheme: SignatureScheme = {
  name: 'digest',

  read(headers) {
    if (headers[NAME] === undefined) {
      return undefined;
    }
    const digits = SIGNATURE.exec(requireText(headers, NAME))?.[1];
    if (digits === undefined) {
      throw new WebhookVerificationError(
        'malformed_header',
        `The header ${NAME} is not 64 hex digits, with or without "sha256=" before them.`,
      );
    }
    return {
      signatures: [Buffer.from(digits, 'hex')],
      signedPrefix: '',
      proves: { scheme: 'digest' },
    };
  },

  signedPrefix: () => '',

  write: (_fields, signature) => ({ [NAME]: `sha256=${signature.toString('hex')}` }),
};
