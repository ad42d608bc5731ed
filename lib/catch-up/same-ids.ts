import type { EventList } from './event-list.js';
import { digestOf } from './events-client.js';
import { CatchUpError } from './catch-up.errors.js';
import type { ReceivedSample, ReceivedSamples } from './received-samples.js';
import type { CatchUpReport } from './report.js';

/** Around the time at which the webhook says that it happened, in seconds. */
const LOOK_AROUND = 60;
const MAX_CHECKS_A_RUN = 3;

/** What is known of the API's ids and data. */
export interface Comparison {
  /** An event that came by webhook and was found in the list, equal. */
  readonly same: readonly ReceivedSample[];
  /** Found, with another type or other data. */
  readonly different: readonly ReceivedSample[];
  /** Not in the list, although it should be by now. */
  readonly missing: readonly ReceivedSample[];
}

/** Looks in the API's list for events that came by webhook. */
export class SameIds {
  constructor(
    private readonly samples: ReceivedSamples,
    /** How late an event may come to the list, in seconds. */
    private readonly overlap: number,
    private readonly areAssumed: boolean,
  ) {}

  /** @throws CatchUpError `events_unavailable`, `events_refused`; StoreUnavailableError */
  async compare(list: EventList, now: number, signal: AbortSignal): Promise<Comparison> {
    const samples = await this.samples.all();
    const comparison = {
      same: samples.filter(({ isSame }) => isSame),
      different: [],
      missing: [],
    } as Mutable;
    for (const sample of samples.filter(({ isSame }) => !isSame).slice(0, MAX_CHECKS_A_RUN)) {
      const verdict = await find(sample, list, signal);
      if (verdict === 'same') {
        await this.samples.markSame(sample);
      }
      if (verdict !== 'missing' || now - sample.receivedAt > this.overlap * 1_000) {
        comparison[verdict].push(sample);
      }
    }
    if (comparison.same.length > 0 && comparison.missing.length > 0) {
      // A test event from the dashboard, say: others prove that the ids are the same.
      await this.samples.forget(comparison.missing);
    }
    return comparison;
  }

  verdict({ same, different, missing }: Comparison): CatchUpReport['ids'] {
    if (this.areAssumed) {
      return 'assumed';
    }
    if (different.length > 0 || (missing.length > 0 && same.length === 0)) {
      return 'differ';
    }
    return same.length > 0 ? 'proven' : 'unproven';
  }

  /** The error of a comparison whose verdict is `differ`. */
  errorOf({ different: [different], missing: [missing] }: Comparison): CatchUpError {
    const what = different
      ? `event ${different.id} (${different.type}) came by webhook, and the list has it with another type or other data`
      : `event ${missing?.id} (${missing?.type}) came by webhook, and is not in the list ${this.overlap} s later`;
    return new CatchUpError(
      'events_differ',
      `Catching up hands nothing on: ${what}. Is the client of another environment? Else the ids or data of Scalekit's ` +
        'API are not those of its webhooks, and events could be handled twice.',
    );
  }
}

type Mutable = { [Verdict in keyof Comparison]: ReceivedSample[] };

async function find(sample: ReceivedSample, list: EventList, signal: AbortSignal): Promise<keyof Comparison> {
  const { id, type, at, digest } = sample;
  for await (const { events } of list.windows({
    from: at - LOOK_AROUND,
    to: at + LOOK_AROUND,
    types: [type],
    signal,
  })) {
    const found = events.find((event) => event.id === id);
    if (found) {
      return digestOf(found) === digest ? 'same' : 'different';
    }
  }
  return 'missing';
}
