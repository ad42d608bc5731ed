import { createSecretKey, type KeyObject } from 'node:crypto';
import { isPlaceholder } from './placeholder-secret.js';
import { WebhookVerificationError } from './signature.errors.js';
import {
  decodeCanonicalBase64,
  keyBytes,
  SECRET_PREFIX,
  SHORTEST_STANDARD_KEY_BYTES,
  withoutPrefix,
} from './webhook-mac.js';
import { WEBHOOK_SCHEMES, type WebhookScheme } from './webhook-scheme.js';

const SHORTEST_SECRET = 8;
/** A hostile list may claim any length. */
export const MOST_SECRETS = 100;
/** Standard Webhooks asks for 24 to 64 bytes. */
const ADVISED_KEY_BYTES = 24;

const COPY_IT = 'Copy the signing secret of this endpoint (whsec_…) from the Scalekit dashboard.';
const NOT_A_STRING = `The webhook secret is not a string. ${COPY_IT}`;

/** The result of a check of secrets. None of its texts holds a part of a secret. */
export interface SecretInspection {
  /** Why the secret can't be used, and what to do. The boot must stop. */
  readonly problem?: string;
  /** Weaknesses, to be logged once at boot. */
  readonly warnings: readonly string[];
}

/**
 * Checks one configured secret against the schemes it is to serve (S9, S10).
 *
 * @param schemes the accepted schemes; all by default
 */
export function inspectSecret(
  secret: unknown,
  schemes: readonly WebhookScheme[] = WEBHOOK_SCHEMES,
): SecretInspection {
  if (typeof secret !== 'string') {
    return { problem: NOT_A_STRING, warnings: [] };
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
  if (typeof secret !== 'string') {
    throw new WebhookVerificationError('invalid_secret', NOT_A_STRING);
  }
  const problem = findProblem(secret, schemes);
  if (problem !== undefined) {
    throw new WebhookVerificationError('invalid_secret', problem);
  }
  return secret;
}

/** @throws WebhookVerificationError `invalid_secret` */
export function prepareSigningKey(secret: unknown, scheme: WebhookScheme): KeyObject {
  const bytes = keyBytes(requireUsableSecret(secret), scheme);
  if (bytes === undefined) {
    throw new WebhookVerificationError('invalid_secret', `${whyNotStandard(String(secret))} ${COPY_IT}`);
  }
  return createSecretKey(bytes);
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
