import type { WebhookHeaders } from '../../../lib/signature/schemes/signature-headers.js';
import type { WebhookScheme } from '../../../lib/signature/webhook-scheme.js';
import type { WebhookVerificationErrorCode } from '../../../lib/signature/signature.errors.js';

/** One delivery and its verdict. */
export interface SignatureCase {
  /** A statement of behaviour, without its subject: "accepts …", "rejects …". */
  readonly name: string;
  /** The rule that it comes from: S1 to S13. */
  readonly rule: string;
  readonly rawBody: Uint8Array | string;
  readonly headers: WebhookHeaders;
  readonly secret: string | readonly string[];
  readonly schemes?: readonly WebhookScheme[];
  readonly toleranceSeconds?: number;
  readonly now: Date;
  readonly expect: { readonly accepted: WebhookScheme } | { readonly rejected: WebhookVerificationErrorCode };
  /**
   * Whether an HTTP client can send it so that it arrives as written. False for what a server or client would
   * change (outer white space, repeated headers, letters that are no Latin-1) and for wrong arguments.
   */
  readonly overHttp: boolean;
}

type Overrides = Partial<Omit<SignatureCase, 'name' | 'rule' | 'expect'>> & Pick<SignatureCase, 'headers'>;

export const accepts = (
  rule: string,
  scheme: WebhookScheme,
  name: string,
  overrides: Overrides,
): SignatureCase => signatureCase(rule, `accepts ${name}`, { accepted: scheme }, overrides);

export const rejects = (
  rule: string,
  code: WebhookVerificationErrorCode,
  name: string,
  overrides: Overrides,
): SignatureCase => signatureCase(rule, `rejects ${name}`, { rejected: code }, overrides);

function signatureCase(
  rule: string,
  name: string,
  expect: SignatureCase['expect'],
  overrides: Overrides,
): SignatureCase {
  return { name, rule, expect, rawBody: BODY, secret: SECRET, now: NOW, overHttp: true, ...overrides };
}

/** The second that the clock of the cases shows. */
export const T = 1_760_000_000;
export const NOW = new Date(T * 1000);
export const KEY = Buffer.from('0123456789abcdefghijklmnopqrstuv', 'latin1');
export const SECRET = `whsec_${KEY.toString('base64')}`;
export const OTHER_KEY = Buffer.from('VUTSRQPONMLKJIHGFEDCBA9876543210', 'latin1');
export const OTHER_SECRET = `whsec_${OTHER_KEY.toString('base64')}`;
export const ID = 'msg_2Xh9V7bTq';
export const BODY = '{"id":"evt_1","type":"organization.directory.user_created","data":{}}';
