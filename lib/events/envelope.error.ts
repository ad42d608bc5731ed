import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';

/**
 * What is wrong with a body that carries no event.
 *
 * - `not_utf8`: bytes that are not valid UTF-8
 * - `not_json`: text that is not valid JSON
 * - `too_deep`: JSON nested deeper than 200 levels
 * - `not_an_envelope`: JSON without a proper `id`, `type` or `data`
 *
 * @publicApi
 */
export type EnvelopeErrorCode = 'not_utf8' | 'not_json' | 'too_deep' | 'not_an_envelope';

/**
 * A body that carries no event. The message is answered to the sender (400) and logged, so it never quotes the
 * body: payloads hold personal data. For the same reason there is no `cause`, since `JSON.parse` quotes its input.
 *
 * @publicApi
 */
export class EnvelopeError extends ScalekitWebhookError<EnvelopeErrorCode> {}
