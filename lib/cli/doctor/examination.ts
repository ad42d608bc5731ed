import { randomBytes } from 'node:crypto';
import type { WebhookScheme } from '../../signature/webhook-scheme.js';
import type { SignedDelivery } from '../../testing/deliveries/signed-delivery.js';
import { signedDelivery } from '../../testing/deliveries/signed-delivery.presets.js';
import { scalekitEvent } from '../../testing/fixtures/scalekit-event.fixture.js';
import type { Answer, DeliveryClient, Failure, Postable } from '../http/delivery-client.js';
import { type Dialect, DIALECTS } from './dialects.js';

/** Reserved: no event of Scalekit has it, so no handler that listens to a certain event runs for it. */
export const DOCTOR_EVENT_TYPE = 'scalekit.webhooks.doctor';

export interface ExaminationOptions {
  readonly secret: string | undefined;
  /** Undefined: the first one that the endpoint accepts. */
  readonly scheme: WebhookScheme | undefined;
  readonly environmentId: string | undefined;
  readonly maxBodyBytes: number;
  readonly answerWithinMs: number;
}

/** What the checks of one endpoint share. */
export class Examination {
  /** How this endpoint wants to be written to. Undefined until it has accepted a delivery. */
  dialect: Dialect | undefined;
  /** A delivery that was accepted. */
  accepted: SignedDelivery | undefined;
  /** How long accepted deliveries took that came one at a time. */
  readonly answerTimes: number[] = [];
  private readonly run = randomBytes(5).toString('hex');
  private eventCount = 0;
  private unsigned: Promise<Answer | Failure> | undefined;

  constructor(
    readonly client: DeliveryClient,
    readonly options: ExaminationOptions,
  ) {}

  /** @throws TypeError without a secret: checks that need one say so */
  get secret(): string {
    if (this.options.secret === undefined) {
      throw new TypeError('This check needs a secret.');
    }
    return this.options.secret;
  }

  /** Those to try. */
  get dialects(): readonly Dialect[] {
    const { scheme } = this.options;
    return DIALECTS.filter((dialect) => scheme === undefined || dialect.scheme === scheme);
  }

  get scheme(): WebhookScheme {
    return this.dialect?.scheme ?? this.options.scheme ?? 'standard';
  }

  /** The answer to a delivery without a signature, which several checks look at. */
  askUnsigned(): Promise<Answer | Failure> {
    const rawBody = Buffer.from(JSON.stringify(this.event()));
    this.unsigned ??= this.client.post({ headers: { 'content-type': 'application/json' }, rawBody });
    return this.unsigned;
  }

  /** An event that nobody has seen. */
  event(data: object = {}): object {
    this.eventCount++;
    const { environmentId } = this.options;
    return scalekitEvent(DOCTOR_EVENT_TYPE, {
      id: `evt_doctor_${this.run}_${this.eventCount}`,
      ...(environmentId !== undefined && { environment_id: environmentId }),
      data: { note: 'Sent by the doctor command to examine this endpoint. It stands for nothing.', ...data },
    });
  }

  sign(event: object | string, scheme = this.scheme): SignedDelivery {
    return signedDelivery(event, { secret: this.secret, scheme });
  }

  post({ headers, rawBody }: Postable, dialect = this.dialect): Promise<Answer | Failure> {
    return this.client.post({ rawBody, headers: dialect?.write(headers) ?? headers });
  }
}
