import { type Answer, answerInTime, answerToRefusal } from '../answers/answers.js';
import { readEnvelope, type ScalekitEnvelope } from '../events/envelope.js';
import { readOccurredAt } from '../events/occurred-at.js';
import { releaseRawBody, type RequestWithBody, takeRawBody } from '../raw-body/request-raw-body.js';
import type { RateLimitedLog } from '../shared/rate-limited-log.js';
import type { Lifecycle } from '../telemetry/lifecycle.js';
import type { WebhookHeaders } from './schemes/signature-headers.js';
import type { DeliveryVerifier } from './secret-source.js';
import {
  DeliveryRefusedError,
  SecretUnavailableError,
  WebhookVerificationError,
} from './signature.errors.js';
import { attachDelivery, deliveryOf, type VerifiedDelivery } from './verified-delivery.js';
import type { WebhookOutcome } from './verify-webhook.js';
import type { WebhookVerification } from './webhook-scheme.js';

interface AuthenticatorOptions {
  readonly environmentId?: string | readonly string[];
  readonly signature: { readonly maxEventAgeSeconds?: number };
  readonly maxBodyBytes: number;
  readonly answerWithinMs: number;
}

type Authentication = VerifiedDelivery | WebhookVerificationError;

/** Verifies the signature of a request's raw body, and only then reads the event in it. */
export class DeliveryAuthenticator {
  private readonly environments: ReadonlySet<unknown> | undefined;
  private readonly maxEventAgeMs: number | undefined;

  constructor(
    private readonly endpoint: string,
    private readonly verifier: DeliveryVerifier,
    private readonly log: RateLimitedLog,
    private readonly lifecycle: Lifecycle,
    private readonly options: AuthenticatorOptions,
  ) {
    const { environmentId, signature } = options;
    this.environments = environmentId === undefined ? undefined : new Set([environmentId].flat());
    this.maxEventAgeMs = signature.maxEventAgeSeconds && signature.maxEventAgeSeconds * 1_000;
  }

  /**
   * Called at boot.
   *
   * @returns the weaknesses of the secret, to be logged
   * @throws ScalekitWebhookError (`invalid_options`) if the fetched secret can't be used
   */
  prepare(): Promise<readonly string[]> {
    return this.verifier.prepare();
  }

  /**
   * Puts the verified delivery on the request and its event in `request.body`. For a refused delivery, returns the
   * answer instead. Returns a promise only if the secret has to be fetched. A delivery that this endpoint has already
   * verified is not verified again.
   */
  admit(request: RequestWithBody): VerifiedDelivery | Answer | Promise<VerifiedDelivery | Answer> {
    const verified = deliveryOf(request);
    if (verified?.endpoint === this.endpoint) {
      return verified;
    }
    this.lifecycle.received(request);
    const accept = (outcome: Authentication) => {
      releaseRawBody(request);
      if (outcome instanceof WebhookVerificationError) {
        return this.refuse(request, outcome);
      }
      this.lifecycle.verified(request, outcome);
      attachDelivery(request, outcome);
      request.body = outcome.event;
      return outcome;
    };
    const refuse = (error: unknown) => {
      releaseRawBody(request);
      return this.refuse(request, error);
    };
    try {
      const { maxBodyBytes, answerWithinMs } = this.options;
      const rawBody = takeRawBody(request, maxBodyBytes);
      const outcome = this.authenticate(rawBody, request.headers);
      return outcome instanceof Promise
        ? answerInTime(request, answerWithinMs, outcome, secretTooLate).then(accept, refuse)
        : accept(outcome);
    } catch (error) {
      return refuse(error);
    }
  }

  /**
   * Reads an event that came without a signature, over a connection that vouches for it. All checks of a delivery apply
   * but for `maxEventAgeSeconds`, which is there against replays.
   *
   * @throws EnvelopeError, DeliveryRefusedError
   */
  readUnsigned(rawBody: Uint8Array): VerifiedDelivery {
    return this.read(rawBody, undefined);
  }

  /** Logs the reason of a refusal. The answer says it only where that helps no forger. */
  private refuse(request: RequestWithBody, error: unknown): Answer {
    const answer = answerToRefusal(error);
    if (!answer) {
      throw error;
    }
    if (answer.log) {
      this.log.warn(answer.reason, answer.log);
    }
    this.lifecycle.answered(request, answer);
    return answer;
  }

  /** Returns the error of a forgery instead of throwing it: see `createWebhookCheck`. */
  private authenticate(
    rawBody: Uint8Array,
    headers: WebhookHeaders,
  ): Authentication | Promise<Authentication> {
    const outcome = this.verifier.check({ rawBody, headers });
    return outcome instanceof Promise
      ? outcome.then((checked) => this.open(rawBody, checked))
      : this.open(rawBody, outcome);
  }

  private open(rawBody: Uint8Array, outcome: WebhookOutcome): Authentication {
    if (outcome instanceof WebhookVerificationError) {
      return outcome;
    }
    const delivery = this.read(rawBody, outcome);
    this.refuseOldEvents(delivery);
    return delivery;
  }

  private read(rawBody: Uint8Array, proof: WebhookVerification | undefined): VerifiedDelivery {
    const event = readEnvelope(rawBody);
    const receivedAt = new Date();
    const occurredAt = this.readDate(event);
    this.refuseOtherEnvironments(event);
    const { scheme, id: deliveryId = event.id } = proof ?? {};
    return { endpoint: this.endpoint, scheme, proof, deliveryId, rawBody, event, occurredAt, receivedAt };
  }

  private readDate(event: ScalekitEnvelope): Date | undefined {
    const { date, invalidField } = readOccurredAt(event);
    if (invalidField) {
      this.log.warn(
        'invalid_date',
        `"${invalidField}" of event ${event.id} (${event.type}) is not a date: context.occurredAt stays undefined.`,
      );
    }
    return date;
  }

  private refuseOtherEnvironments({ id, environment_id }: ScalekitEnvelope): void {
    if (this.environments && !this.environments.has(environment_id)) {
      throw new DeliveryRefusedError(
        'wrong_environment',
        `Event ${id} is not from the environment that this endpoint accepts (environmentId): ` +
          'its environment_id is different or missing.',
      );
    }
  }

  private refuseOldEvents({ occurredAt, receivedAt }: VerifiedDelivery): void {
    const isYoung =
      occurredAt && receivedAt.getTime() - occurredAt.getTime() <= (this.maxEventAgeMs ?? Infinity);
    if (this.maxEventAgeMs !== undefined && !isYoung) {
      throw new DeliveryRefusedError(
        'event_too_old',
        'The event is older than signature.maxEventAgeSeconds, or has no date.',
      );
    }
  }
}

function secretTooLate(): never {
  throw new SecretUnavailableError('The secret function has not answered within answerWithinMs.');
}
