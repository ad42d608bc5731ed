import type { WebhookScheme } from '../../signature/webhook-scheme.js';
import type { GivenSecret } from '../input/secret.js';

/** Headers as they came: names in any case, repeated ones included. */
export type HeaderLines = readonly (readonly [name: string, value: string])[];

export interface DeliveryToDiagnose {
  readonly body: Buffer;
  readonly headers: HeaderLines;
  /** The first is the one to verify with; the others are tried as the right one. */
  readonly secrets: readonly GivenSecret[];
  readonly schemes: readonly WebhookScheme[];
  readonly toleranceSeconds: number;
  readonly now: Date;
}
