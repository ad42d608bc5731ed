import type { VerifiedDelivery } from '../signature/verified-delivery.js';
import { digestOf } from './events-client.js';
import type { SharedValue } from './progress.js';

/** An event that came by webhook, and what its data were. */
export interface ReceivedSample {
  readonly id: string;
  readonly type: string;
  /** Unix seconds, rounded down. */
  readonly at: number;
  readonly digest: string;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
  /** Set once the event was found in the list, and equal. */
  readonly isSame?: boolean;
}

const MAX_SAMPLES = 5;
/** After a sample was found in the list, a new one is kept at most once in this time, in ms. */
const KEEP_EVERY_MS = 3_600_000;

/** Keeps a few events that came by webhook, to be looked for in the API's list. */
export class ReceivedSamples {
  private latest: VerifiedDelivery | undefined;

  constructor(private readonly kept: SharedValue<readonly ReceivedSample[]>) {}

  /** Notes the latest delivery. Called for each one, so it does no work. */
  note(delivery: VerifiedDelivery): void {
    if (delivery.occurredAt) {
      this.latest = delivery;
    }
  }

  /** Stores the latest delivery as a sample, unless there are enough. */
  async keep(): Promise<void> {
    const { latest } = this;
    if (!latest) {
      return;
    }
    await this.kept.update((samples = []) => {
      const isEnough = samples.some(
        ({ isSame, receivedAt }) => isSame && receivedAt > latest.receivedAt.getTime() - KEEP_EVERY_MS,
      );
      const isKnown = samples.some(({ id }) => id === latest.event.id);
      return isEnough || isKnown ? undefined : [sampleOf(latest), ...samples].slice(0, MAX_SAMPLES);
    });
    this.latest = undefined;
  }

  async all(): Promise<readonly ReceivedSample[]> {
    return (await this.kept.read()) ?? [];
  }

  async markSame({ id: same }: ReceivedSample): Promise<void> {
    await this.kept.update((samples = []) =>
      samples.map((each) => (each.id === same ? { ...each, isSame: true } : each)),
    );
  }

  async forget(forgotten: readonly ReceivedSample[]): Promise<void> {
    await this.kept.update((samples = []) =>
      samples.filter(({ id }) => !forgotten.some((each) => each.id === id)),
    );
  }
}

function sampleOf({ event, occurredAt, receivedAt }: VerifiedDelivery): ReceivedSample {
  return {
    id: event.id,
    type: event.type,
    at: Math.floor((occurredAt?.getTime() ?? 0) / 1_000),
    digest: digestOf(event),
    receivedAt: receivedAt.getTime(),
  };
}
