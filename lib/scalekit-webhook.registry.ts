import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { RateLimitedLog } from './shared/rate-limited-log.js';
import { ScalekitWebhookError } from './scalekit-webhook.errors.js';
import type { Lifecycle } from './telemetry/lifecycle.js';

/** How catching up goes, in one process. */
export interface CatchUpState {
  /**
   * `idle`: no run yet, or another process catches up; `running`; `caught up`; `reporting`: nothing is handed on before an
   * event that came by webhook was found in the list; or the code of the error that ended the last run.
   */
  readonly status: string;
  /** When the last run of this process ended, in milliseconds since 1970. */
  readonly lastRunAt: number | undefined;
  /** How many events this process has handled or queued. */
  readonly handled: number;
  /** Up to when everything is done, in milliseconds since 1970. Undefined before a run of this process has ended. */
  readonly doneUntil: number | undefined;
}

/** What can be asked about an endpoint while it runs. */
export interface EndpointState {
  /** Of this process: how many events, or handlers of queued events, it works on, and since when on the oldest one. */
  claims(): { readonly running: number; readonly oldestMs: number; readonly isDraining: boolean };
  /** How many failed events are kept, up to the limit; undefined where none are. */
  countFailed(limit: number): Promise<number | undefined>;
  /** Rejects where the store can't be reached. */
  askStore(): Promise<unknown>;
  /** Rejects where the queue can't be reached; undefined where there is none. */
  askQueue(): Promise<unknown> | undefined;
  /** Whether this process takes jobs off the queue; undefined where it is not to. */
  isWorking(): boolean | undefined;
  /** How catching up goes in this process; undefined where the endpoint does not catch up. */
  catchUp(): CatchUpState | undefined;
}

/** What the application-wide parts need to know of one `forRoot` or `forRootAsync`. */
export interface RegisteredEndpoint {
  readonly name: string;
  readonly path: string;
  /** False for an endpoint that only queues events: others handle them. */
  readonly needsHandlers: boolean;
  readonly acceptsDigest: boolean;
  readonly maxBodyBytes: number;
  readonly maxUnverifiedBytes: number;
  readonly log: RateLimitedLog;
  readonly lifecycle: Lifecycle;
  /** Undefined where nothing runs: in tests of handlers alone. */
  readonly state?: EndpointState;
}

/** All endpoints of one application. */
@Injectable()
export class ScalekitWebhookRegistry {
  /** Tells the application's telemetry from that of another in the same process. */
  readonly application = randomUUID();
  private readonly endpoints = new Map<string, RegisteredEndpoint>();

  add(endpoint: RegisteredEndpoint): void {
    if (this.endpoints.has(endpoint.name)) {
      throw new ScalekitWebhookError(
        'duplicate_endpoint',
        `ScalekitWebhookModule is registered twice under the name "${endpoint.name}". Give the second registration ` +
          'a name of its own: forRoot({ name: "…", path: "…", secret }). To use one registration in several ' +
          'modules, set isGlobal or share the constant that forRoot returned.',
      );
    }
    const rival = [...this.endpoints.values()].find(({ path }) => routeOf(path) === routeOf(endpoint.path));
    if (rival) {
      throw new ScalekitWebhookError(
        'duplicate_endpoint',
        `The endpoints "${rival.name}" and "${endpoint.name}" share the path "${endpoint.path}". Give each its own path.`,
      );
    }
    this.endpoints.set(endpoint.name, endpoint);
  }

  get needsHandlers(): boolean {
    return [...this.endpoints.values()].some(({ needsHandlers }) => needsHandlers);
  }

  get all(): readonly RegisteredEndpoint[] {
    return [...this.endpoints.values()];
  }

  get namesWithDigest(): readonly string[] {
    return [...this.endpoints.values()].filter(({ acceptsDigest }) => acceptsDigest).map(({ name }) => name);
  }

  get names(): readonly string[] {
    return [...this.endpoints.keys()];
  }

  /**
   * The endpoint that a route belongs to. A controller of the user's own names none: then the one with the largest
   * limit reads for it, and the guard checks its own limit again.
   */
  forRoute(name: string): RegisteredEndpoint | undefined {
    return (
      this.endpoints.get(name) ??
      [...this.endpoints.values()].sort((a, b) => b.maxBodyBytes - a.maxBodyBytes)[0]
    );
  }
}

/** Routers ignore outer slashes, and most of them ignore case. */
function routeOf(path: string): string {
  return path.replace(/^\/|\/$/g, '').toLowerCase();
}
