import { Buffer } from 'node:buffer';
import { createSecretKey, type KeyObject } from 'node:crypto';
import { types } from 'node:util';
import { isPlaceholder } from './placeholder-secret.js';
import { WebhookVerificationError } from './signature.errors.js';
import { WEBHOOK_SCHEMES, type WebhookScheme } from './webhook-scheme.js';

const SECRET_PREFIX = 'whsec_';
const SHORTEST_SECRET = 8;
const SHORTEST_STANDARD_KEY_BYTES = 16;
/** Bounds the work for a list of any length. */
export const MOST_SECRETS = 100;
/** Standard Webhooks asks for 24 to 64 bytes. */
const ADVISED_KEY_BYTES = 24;

/** What a shell, an env file or a copied line leaves around a secret. Random texts hold none of these by accident. */
const WRAPPINGS = [
  /^(?!whsec_).+whsec_/s,
  /^whsec_[A-Za-z\d+/]{22,}={0,2}(?:["'`,;]|[^ -~])+$/,
  /^(["'`])[\w+/=-]+\1$/,
];

const COPY_IT = 'Copy the signing secret of this endpoint (whsec_…) from the Scalekit dashboard.';

/** The result of a check of secrets. None of its texts holds a part of a secret. */
export interface SecretInspection {
  /** Why the secret can't be used, and what to do. The boot must stop. */
  readonly problem?: string;
  /** Weaknesses, to be logged once at boot. */
  readonly warnings: readonly string[];
}

/**
 * Checks one configured secret against the schemes that it must serve (S9, S10).
 *
 * @param schemes the accepted schemes; all by default
 */
export function inspectSecret(
  secret: unknown,
  schemes: readonly WebhookScheme[] = WEBHOOK_SCHEMES,
): SecretInspection {
  if (typeof secret !== 'string') {
    const what = types.isPromise(secret)
      ? 'is not a string but a promise: await it, or give the function that fetches it (secret: fetchSecret, without parentheses)'
      : 'is not a string';
    return { problem: `The webhook secret ${what}. ${COPY_IT}`, warnings: [] };
  }
  const problem = findProblem(secret, schemes);
  return problem === undefined ? { warnings: findWarnings(secret, schemes) } : { problem, warnings: [] };
}

/** Checks one secret or a list of secrets; the problem of a list says which secret it is about. */
export function inspectSecrets(secrets: unknown, schemes: readonly WebhookScheme[]): SecretInspection {
  if (secrets === undefined || secrets === null) {
    return { problem: 'There is no webhook secret: is its environment variable set?', warnings: [] };
  }
  if (!Array.isArray(secrets)) {
    return inspectSecret(secrets, schemes);
  }
  if (secrets.length === 0) {
    return { problem: 'The list of webhook secrets is empty.', warnings: [] };
  }
  if (secrets.length > MOST_SECRETS) {
    return { problem: `The list holds more than ${MOST_SECRETS} webhook secrets.`, warnings: [] };
  }
  const inspections = Array.from(secrets, (secret: unknown, index) => ({
    index,
    ...inspectSecret(secret, schemes),
  }));
  const faulty = inspections.find(({ problem }) => problem !== undefined);
  return faulty
    ? { problem: `Number ${faulty.index + 1} of the list: ${faulty.problem ?? ''}`, warnings: [] }
    : { warnings: [...new Set(inspections.flatMap(({ warnings }) => warnings))] };
}

/** @throws WebhookVerificationError `invalid_secret` */
export function requireUsableSecret(
  secret: unknown,
  schemes: readonly WebhookScheme[] = WEBHOOK_SCHEMES,
): string {
  const { problem } = inspectSecret(secret, schemes);
  if (problem !== undefined) {
    throw new WebhookVerificationError('invalid_secret', problem);
  }
  return secret as string;
}

/** @throws WebhookVerificationError `invalid_secret` */
export function prepareSigningKey(secret: unknown, scheme: WebhookScheme): KeyObject {
  const bytes = keyBytes(requireUsableSecret(secret), scheme);
  if (bytes === undefined) {
    throw new WebhookVerificationError('invalid_secret', `${whyNotStandard(String(secret))} ${COPY_IT}`);
  }
  return createSecretKey(bytes);
}

interface WebhookKey {
  readonly key: KeyObject;
  /** Of its secret in the list. */
  readonly position: number;
}

/** For each scheme, the keys of those secrets that it can use. */
export type WebhookKeys = Readonly<Record<WebhookScheme, readonly WebhookKey[]>>;

export function prepareKeys(secrets: readonly string[]): WebhookKeys {
  const keysOf = (scheme: WebhookScheme) =>
    secrets.flatMap((secret, position) => {
      const bytes = keyBytes(secret, scheme);
      return bytes ? [{ key: createSecretKey(bytes), position }] : [];
    });
  return { standard: keysOf('standard'), timestamped: keysOf('timestamped'), digest: keysOf('digest') };
}

/** S9: `standard` signs with the decoded secret, the other schemes with its whole text, prefix included. */
function keyBytes(secret: string, scheme: WebhookScheme): Buffer | undefined {
  if (scheme !== 'standard') {
    return Buffer.from(secret, 'utf8');
  }
  const bytes = decodeCanonicalBase64(withoutPrefix(secret));
  return bytes && bytes.length >= SHORTEST_STANDARD_KEY_BYTES ? bytes : undefined;
}

function withoutPrefix(secret: string): string {
  return secret.startsWith(SECRET_PREFIX) ? secret.slice(SECRET_PREFIX.length) : secret;
}

/**
 * Decodes standard base64, with all of its padding or none (S9). Node's decoder also takes base64url and some non-ASCII
 * letters, and skips what it can't read, so the bytes must encode to the same text again.
 */
function decodeCanonicalBase64(text: string): Buffer | undefined {
  const digits = text.replace(/={1,2}$/, '');
  const isPaddedInPart = digits !== text && text.length % 4 !== 0;
  const bytes = Buffer.from(digits, 'base64');
  const isCanonical = bytes.toString('base64').replace(/=+$/, '') === digits;
  return isCanonical && !isPaddedInPart ? bytes : undefined;
}

function findProblem(secret: string, schemes: readonly WebhookScheme[]): string | undefined {
  if (secret === '') {
    return `The webhook secret is empty: is its environment variable set? ${COPY_IT}`;
  }
  if (/^\s|\s$/.test(secret)) {
    return 'The webhook secret begins or ends with white space, such as the newline of a mounted file: trim it.';
  }
  if (/^wh[sp]k_/.test(secret)) {
    return `The webhook secret is an asymmetric key (whsk_… or whpk_…), which Scalekit does not use. ${COPY_IT}`;
  }
  if (secret.startsWith('v1,')) {
    return `The webhook secret is a pasted signature (v1,…). ${COPY_IT}`;
  }
  if (isPlaceholder(secret)) {
    return (
      'The webhook secret is a placeholder: a text that anybody can guess, or the name of a variable that was never ' +
      `filled in. Is the environment variable set, and was the promise awaited? ${COPY_IT}`
    );
  }
  if (WRAPPINGS.some((wrapping) => wrapping.test(secret))) {
    return (
      'The webhook secret has something around it, such as quotes, a comma or the name of its variable: take that ' +
      `away. ${COPY_IT}`
    );
  }
  if (withoutPrefix(secret).length < SHORTEST_SECRET) {
    return `The webhook secret has fewer than ${SHORTEST_SECRET} characters and can be guessed. ${COPY_IT}`;
  }
  if (schemes.every((scheme) => keyBytes(secret, scheme) === undefined)) {
    return `${whyNotStandard(secret)} ${COPY_IT}`;
  }
  return undefined;
}

function findWarnings(secret: string, schemes: readonly WebhookScheme[]): string[] {
  const keys = schemes.map((scheme) => keyBytes(secret, scheme));
  const shortest = Math.min(...keys.map((bytes) => bytes?.length ?? Infinity));
  const warnings: string[] = [];
  if (keys.includes(undefined)) {
    warnings.push(
      `${whyNotStandard(secret)} Until this is fixed, deliveries signed so will be refused with 401. ${COPY_IT}`,
    );
  }
  if (shortest < ADVISED_KEY_BYTES) {
    warnings.push(
      `The webhook secret makes a key of ${shortest} bytes; Standard Webhooks asks for at least ` +
        `${ADVISED_KEY_BYTES}. Rotate it for a longer one.`,
    );
  }
  return warnings;
}

function whyNotStandard(secret: string): string {
  const text = withoutPrefix(secret);
  const bytes = decodeCanonicalBase64(text);
  const reason = bytes
    ? `it holds only ${bytes.length}`
    : /^[A-Za-z0-9+/]*={0,2}$/.test(text)
      ? 'its base64 is incomplete or changed'
      : 'it is not base64: it holds other characters than A-Z, a-z, 0-9, + and /';
  return (
    `The scheme "standard" needs ${SECRET_PREFIX} and then canonical base64 of at least ${SHORTEST_STANDARD_KEY_BYTES} ` +
    `bytes, which the webhook secret is not: ${reason}. The schemes "timestamped" and "digest" can use it as plain text.`
  );
}
