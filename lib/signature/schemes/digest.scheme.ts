import { requireText, type SignatureScheme, signaturesIn } from '../webhook-scheme.js';

const NAME = 'x-scalekit-signature';
/** S7 */
const SIGNATURE = /^(?:sha256=)?([0-9A-Fa-f]{64})$/g;

/** https://docs.scalekit.com: the MAC of the body alone, in hex. */
export const digestScheme: SignatureScheme = {
  name: 'digest',

  read(headers) {
    if (headers[NAME] === undefined) {
      return undefined;
    }
    const header = requireText(headers, NAME);
    return {
      signatures: signaturesIn(header, SIGNATURE, 'hex', `64 hex digits (scheme "digest", ${NAME})`),
      signedPrefix: '',
      proves: { scheme: 'digest' },
    };
  },

  signedPrefix: () => '',

  write: (_fields, signature) => ({ [NAME]: `sha256=${signature.toString('hex')}` }),
};
