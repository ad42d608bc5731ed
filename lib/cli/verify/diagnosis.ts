import type { WebhookScheme } from '../../signature/webhook-scheme.js';
import type { WebhookVerification } from '../../signature/webhook-scheme.js';
import type { GivenSecret } from '../input/secret.js';
import type { Fault } from './fault.js';
import type { HeaderLines } from './received-headers.js';

export interface DeliveryToDiagnose {
  readonly body: Buffer;
  readonly headers: HeaderLines;
  /** The first is the one to verify with; the others are tried as the right one. */
  readonly secrets: readonly GivenSecret[];
  readonly schemes: readonly WebhookScheme[];
  readonly toleranceSeconds: number;
  readonly now: Date;
}

export interface Diagnosis {
  readonly holds: boolean;
  readonly verification?: WebhookVerification;
  /** All that has to be put right before the delivery holds; one of cause `unknown` where that was not found. */
  readonly faults: readonly Fault[];
  /** What else was seen. */
  readonly observations: readonly string[];
  /** How many signatures were computed in search of the cause. */
  readonly tried: number;
}
