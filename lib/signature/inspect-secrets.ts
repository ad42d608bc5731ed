import type { WebhookScheme } from './webhook-scheme.js';
import { MOST_SECRETS } from './webhook-verifier-options.js';
import { inspectSecret, type SecretInspection } from './webhook-secret.js';

/** Looks at one secret or at a list of them; a problem in the list says which one it is. */
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
