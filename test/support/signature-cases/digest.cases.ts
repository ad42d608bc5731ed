import { accepts, BODY, OTHER_SECRET, rejects, type SignatureCase } from './signature-case.js';
import { digest, digestSignature, timestampedValue, WRONG_HEX } from './signed-headers.js';

const hex = digestSignature();
const header = (value: string) => ({ headers: { 'x-scalekit-signature': value } });

/** S7: how a digest header is written. */
export const digestCases: readonly SignatureCase[] = [
  accepts('S7', 'digest', '64 hex digits', header(hex)),
  accepts('S7', 'digest', '64 hex digits after sha256=', header(`sha256=${hex}`)),
  accepts('S7', 'digest', 'upper-case digits', header(hex.toUpperCase())),
  accepts('S7', 'digest', 'upper-case digits after sha256=', header(`sha256=${hex.toUpperCase()}`)),
  rejects('S7', 'signature_mismatch', 'well-formed digits that do not match', header(WRONG_HEX)),
  rejects('S7', 'signature_mismatch', 'the digest of another body', {
    headers: digest({ body: `${BODY}\n` }),
  }),
  rejects('S7', 'signature_mismatch', 'the digest of another secret', {
    headers: digest({ secret: OTHER_SECRET }),
  }),
  rejects('S7', 'malformed_header', '63 digits', header(hex.slice(1))),
  rejects('S7', 'malformed_header', '65 digits', header(`${hex}0`)),
  rejects('S7', 'malformed_header', '66 digits', header(`${hex}00`)),
  rejects('S7', 'malformed_header', 'a letter that is no hex digit', header(`${hex.slice(1)}g`)),
  rejects('S7', 'malformed_header', 'SHA256= in upper case', header(`SHA256=${hex}`)),
  rejects('S7', 'malformed_header', 'sha256:', header(`sha256:${hex}`)),
  rejects('S7', 'malformed_header', 'sha512=', header(`sha512=${hex}`)),
  rejects('S7', 'malformed_header', 'sha256= twice', header(`sha256=sha256=${hex}`)),
  rejects('S7', 'malformed_header', 'sha256= alone', header('sha256=')),
  rejects('S7', 'malformed_header', 'v1=', header(`v1=${hex}`)),
  rejects('S7', 'malformed_header', 'two digests with a comma', header(`${WRONG_HEX},${hex}`)),
  rejects('S7', 'malformed_header', 'two digests as a proxy joins them', header(`${hex}, ${hex}`)),
  rejects('S7', 'malformed_header', 'two digests with a space', header(`${hex} ${WRONG_HEX}`)),
  rejects('S7', 'malformed_header', 'base64', header(Buffer.from(hex, 'hex').toString('base64'))),
  rejects('S7', 'malformed_header', 'a digest in quotes', header(`"${hex}"`)),
  rejects('S7', 'malformed_header', 'a space after sha256=', header(`sha256= ${hex}`)),
  rejects('S7', 'malformed_header', 'a timestamped signature', header(timestampedValue())),
  rejects('S7', 'malformed_header', 'a space before it', { ...header(` ${hex}`), overHttp: false }),
  rejects('S7', 'malformed_header', 'a space after it', { ...header(`${hex} `), overHttp: false }),
  rejects('S7', 'malformed_header', 'a line break after it', { ...header(`${hex}\n`), overHttp: false }),
  rejects('S7', 'malformed_header', 'digits of full width', {
    ...header(hex.replace(/\d/g, (d) => String.fromCharCode(0xff10 + Number(d)))),
    overHttp: false,
  }),
];
