import { randomBytes } from 'node:crypto';
import type { WebhookScheme } from '../../signature/webhook-scheme.js';
import type { SignedDelivery } from '../../testing/deliveries/signed-delivery.js';
import { signedDelivery } from '../../testing/deliveries/signed-delivery.presets.js';
import { scalekitEvent } from '../../testing/fixtures/scalekit-event.fixture.js';
import { isAccepted } from '../http/answers.js';
import type { Answer, DeliveryClient, Postable } from '../http/delivery-client.js';

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

type Headers = Readonly<Record<string, string>>;

/** A way to write signature headers: a scheme, as one of the documents writes it. */
export interface SignatureForm {
  readonly scheme: WebhookScheme;
  write(headers: Headers): Headers;
}

/** In the order in which they are tried. Scalekit's overview compares with the bare digits of a digest. */
const SIGNATURE_FORMS: readonly SignatureForm[] = [
  { scheme: 'standard', write: (headers) => headers },
  { scheme: 'timestamped', write: (headers) => headers },
  { scheme: 'digest', write: bareDigest },
  { scheme: 'digest', write: (headers) => headers },
];

function bareDigest(headers: Headers): Headers {
  const digits = headers['x-scalekit-signature']?.replace('sha256=', '');
  return digits === undefined ? headers : { ...headers, 'x-scalekit-signature': digits };
}

/** The state that the checks of one endpoint share. */
export class Examination {
  /** The form of signature that the endpoint accepts. Undefined until it has accepted a delivery. */
  form: SignatureForm | undefined;
  /** A delivery that was accepted. */
  accepted: SignedDelivery | undefined;
  /** How long accepted deliveries took, without those that were sent at once. */
  readonly answerTimes: number[] = [];
  private readonly run = randomBytes(5).toString('hex');
  /** The first answer of a rate limit. */
  throttledBy: Answer | undefined;
  private eventCount = 0;
  private unsigned: Promise<Answer> | undefined;
  private genuine: Promise<Answer | undefined> | undefined;

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

  /** The forms of signature to try. */
  get forms(): readonly SignatureForm[] {
    const { scheme } = this.options;
    return SIGNATURE_FORMS.filter((form) => scheme === undefined || form.scheme === scheme);
  }

  get scheme(): WebhookScheme {
    return this.form?.scheme ?? this.options.scheme ?? 'standard';
  }

  /** The answer to a delivery without a signature, which several checks look at. */
  askUnsigned(): Promise<Answer> {
    const rawBody = Buffer.from(JSON.stringify(this.event()));
    this.unsigned ??= this.post({ headers: { 'content-type': 'application/json' }, rawBody });
    return this.unsigned;
  }

  /**
   * The answer to a genuine delivery: the first 2xx, else the first answer at all. Undefined without a secret.
   */
  askGenuine(): Promise<Answer | undefined> {
    this.genuine ??= this.options.secret === undefined ? Promise.resolve(undefined) : this.findForm();
    return this.genuine;
  }

  /** Delivers a new event. */
  async deliver(form: SignatureForm): Promise<Answer> {
    const delivery = this.sign(this.event(), form.scheme);
    const answer = await this.post(delivery, form);
    if (isAccepted(answer)) {
      this.answerTimes.push(answer.ms);
      this.accepted ??= delivery;
    }
    return answer;
  }

  /** Makes an event with a new id. */
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

  async post({ headers, rawBody }: Postable, form = this.form): Promise<Answer> {
    const answer = await this.client.post({ rawBody, headers: form?.write(headers) ?? headers });
    if (answer.status === 429) {
      this.throttledBy ??= answer;
    }
    return answer;
  }

  private async findForm(): Promise<Answer | undefined> {
    let first: Answer | undefined;
    for (const form of this.forms) {
      const answer = await this.deliver(form);
      if (isAccepted(answer)) {
        this.form = form;
        return answer;
      }
      first ??= answer;
      if (answer.failure !== undefined || this.throttledBy) {
        break;
      }
    }
    return first;
  }
}
