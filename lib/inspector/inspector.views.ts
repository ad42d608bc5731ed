import { Inject, Injectable } from '@nestjs/common';
import { SCALEKIT_EVENT_TYPES } from '../events/scalekit-event-types.js';
import { HandlerRegistry } from '../handlers/handler.registry.js';
import { RawBodyInstaller } from '../raw-body/raw-body.installer.js';
import { type OpenEndpoint, OpenEndpoints } from '../receive/open-endpoints.js';
import { type RegisteredEndpoint, ScalekitWebhookRegistry } from '../scalekit-webhook.registry.js';
import { endpointCounts, WINDOWS } from './counts.js';
import { beginningOf, statsOf } from './inspector-stats.js';
import type {
  CountBucket,
  DeliveryAnswer,
  EndpointView,
  InspectorState,
  InspectorStats,
  KeptEntry,
} from './inspector.api.js';
import { InspectorJournal } from './inspector.journal.js';
import { INSPECTOR_OPTIONS, type InspectorOptions } from './inspector.options.js';

/** Many pages ask for the same. */
const FRESH_MS = 1_000;
const ALIVE_MS = 60_000;

/** Makes the answers that are read from the log and from the endpoints. */
@Injectable()
export class InspectorViews {
  private readonly counted = new Map<
    string,
    { readonly at: number; readonly buckets: Promise<readonly CountBucket[]> }
  >();

  constructor(
    @Inject(INSPECTOR_OPTIONS) private readonly options: Required<InspectorOptions>,
    private readonly journal: InspectorJournal,
    private readonly endpoints: OpenEndpoints,
    private readonly handlers: HandlerRegistry,
    private readonly rawBody: RawBodyInstaller,
    private readonly registry: ScalekitWebhookRegistry,
  ) {}

  /** Never rejects: where the log can't be read, its `trouble` says why, and what it would tell is left out. */
  async state(): Promise<InspectorState> {
    const nothing = () => [];
    const now = Date.now();
    const day = await this.countsOf('24h', now).catch(nothing);
    const recent = await this.countsOf('15m', now).catch(nothing);
    const alive = recent.filter(({ at, bucketMs }) => at + bucketMs >= now - ALIVE_MS);
    const { trouble, isShared } = this.journal;
    return {
      ...this.options,
      isShared,
      ...(trouble !== undefined && { trouble }),
      processes: [...new Set(alive.map(({ process }) => process.split('/')[0] ?? ''))].sort(),
      endpoints: this.endpoints.all.map((endpoint) => this.viewOf(endpoint, day)),
    };
  }

  async stats(window: InspectorStats['window']): Promise<InspectorStats> {
    const now = Date.now();
    return statsOf(window, await this.countsOf(window, now), now);
  }

  /** Undefined where it has gone. */
  async delivery(key: string): Promise<DeliveryAnswer | undefined> {
    const kept = await this.journal.detail(key);
    if (kept?.entry.kind !== 'delivery') {
      return undefined;
    }
    const { entry: delivery, detail = {} } = kept;
    const { endpoint, eventId } = delivery;
    const calls = eventId === undefined ? [] : await this.journal.callsOf(endpoint, eventId);
    return { delivery, detail: this.shown(detail), calls: calls.flatMap(toCall) };
  }

  /** Another process may have been told to keep payloads. */
  private shown({ payload, ...detail }: NonNullable<KeptEntry['detail']>): DeliveryAnswer['detail'] {
    return { ...detail, ...(payload !== undefined && this.options.showPayloads && { payload }) };
  }

  private countsOf(window: InspectorStats['window'], now: number): Promise<readonly CountBucket[]> {
    const known = this.counted.get(window);
    // Not by the clock, which may be set back: what is known would then stay for as long.
    const at = performance.now();
    if (known && at - known.at < FRESH_MS) {
      return known.buckets;
    }
    const buckets = this.journal.counts(WINDOWS[window].bucketMs, beginningOf(window, now));
    this.counted.set(window, { at, buckets });
    return buckets;
  }

  private viewOf(
    { name, role, options, dispatcher }: OpenEndpoint,
    day: readonly CountBucket[],
  ): EndpointView {
    const { handlers } = this;
    return {
      name,
      path: this.rawBody.pathsOf(name)[0] ?? options.path,
      role,
      dispatcher: dispatcher.name,
      store: options.idempotency.store.constructor.name,
      schemes: options.signature.schemes,
      handlers: handlers.listenersOf(name).map((handler) => ({
        name: handler.name,
        patterns: handler.subscriptions
          .filter(({ endpoint }) => endpoint === undefined || endpoint === name)
          .flatMap(({ patterns }) => patterns),
      })),
      subscribedTypes: SCALEKIT_EVENT_TYPES.filter((type) => handlers.handlersFor(name, type).length > 0),
      ...endpointCounts(name, day),
      hasFailed: dispatcher.failures !== undefined,
      ...catchUpOf(this.registry.forRoute(name)),
    };
  }
}

/** Of this process: another one may be the one that catches up. */
function catchUpOf(endpoint: RegisteredEndpoint | undefined): Pick<EndpointView, 'catchUp'> {
  const state = endpoint?.state?.catchUp();
  if (!state) {
    return {};
  }
  const { status, lastRunAt, handled, doneUntil } = state;
  return {
    catchUp: {
      status,
      handled,
      ...(lastRunAt !== undefined && { lastRunAt }),
      ...(doneUntil !== undefined && { lagMs: Math.max(0, Date.now() - doneUntil) }),
    },
  };
}

function toCall({ entry, detail = {} }: KeptEntry): DeliveryAnswer['calls'] {
  return entry.kind === 'call' ? [{ call: entry, detail }] : [];
}
