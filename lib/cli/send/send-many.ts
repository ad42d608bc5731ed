import type { DeliverableEvent, SignedDelivery } from '../../testing/deliveries/signed-delivery.js';
import { signedDelivery } from '../../testing/deliveries/signed-delivery.presets.js';
import type { ScalekitEventOverrides } from '../../testing/fixtures/event-overrides.js';
import { scalekitEvent } from '../../testing/fixtures/scalekit-event.fixture.js';
import type { Answer, DeliveryClient } from '../http/delivery-client.js';
import type { EventFile, Fields } from '../input/event-file.js';

/** How many deliveries are kept to be repeated. */
const REMEMBERED = 256;

export interface EventPlan {
  readonly type: string;
  readonly data: Fields;
  readonly file: EventFile | undefined;
  /** The id of the first event: by default that of the file, or a new one. `new`: a new one in any case. */
  readonly id: string | undefined;
}

/**
 * Makes one event after the other. Only the first has the id of the plan, because an endpoint handles each id once. An
 * event from a file is sent byte for byte, unless its type or id is replaced.
 */
export function eventMaker({ type, data, file, id }: EventPlan): () => DeliverableEvent {
  let wantedId = id ?? (file?.isEvent ? file.value.id : undefined);
  return () => {
    const keepsId = wantedId !== undefined && wantedId !== 'new';
    const overrides = { data, ...(keepsId && { id: wantedId }) } as ScalekitEventOverrides<string>;
    wantedId = undefined;
    if (!file?.isEvent) {
      const event = scalekitEvent(type, overrides);
      return file ? { ...event, data: file.value } : event;
    }
    if (keepsId && id === undefined && file.value.type === type) {
      return file.text;
    }
    return { ...file.value, type, id: scalekitEvent(type, overrides).id };
  };
}

/** Makes deliveries one after the other. The given share of them repeats an earlier one. */
export class DeliverySource {
  private readonly remembered: SignedDelivery[] = [];
  private made = 0;
  private repeated = 0;

  constructor(
    private readonly create: () => SignedDelivery,
    private readonly duplicatesPercent: number,
  ) {}

  next(): SignedDelivery {
    this.made++;
    const isDue = this.repeated < Math.floor((this.made * this.duplicatesPercent) / 100);
    const earlier = isDue ? this.remembered[Math.floor(Math.random() * this.remembered.length)] : undefined;
    if (earlier) {
      this.repeated++;
      return signedDelivery.duplicateOf(earlier);
    }
    const delivery = this.create();
    if (this.duplicatesPercent > 0) {
      this.remembered[(this.made - this.repeated - 1) % REMEMBERED] = delivery;
    }
    return delivery;
  }
}

/** Gives up after this many failures if there was no answer at all. */
const MOST_FAILURES = 20;

interface SendPlan {
  readonly count: number;
  readonly concurrency: number;
  readonly signal: AbortSignal;
  readonly onAnswer: (answer: Answer) => void;
}

/** Sends deliveries, a fixed number at a time, until all are sent, the signal aborts, or the URL does not answer. */
export async function sendMany(
  client: DeliveryClient,
  source: DeliverySource,
  { count, concurrency, signal, onAnswer }: SendPlan,
): Promise<void> {
  let started = 0;
  let isAlive = false;
  let failures = 0;

  async function sendOneByOne(): Promise<void> {
    while (started < count && !signal.aborted && (isAlive || failures < MOST_FAILURES)) {
      started++;
      const answer = await client.post(source.next());
      if (answer.failure === 'aborted') {
        return;
      }
      isAlive ||= answer.failure === undefined;
      failures += Number(answer.failure !== undefined);
      onAnswer(answer);
    }
  }

  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, sendOneByOne));
}
