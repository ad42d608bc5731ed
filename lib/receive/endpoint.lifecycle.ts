import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  Optional,
} from '@nestjs/common';
import { CatchUpLoop } from '../catch-up/catch-up.loop.js';
import type { EventDispatcher } from '../dispatch/event-dispatcher.js';
import { isTransactional } from '../dispatch/handler-runner.js';
import { HandlerRegistry } from '../handlers/handler.registry.js';
import type { IdempotencyStore } from '../idempotency/idempotency-store.js';
import { extrasOf } from '../idempotency/idempotency-store.extras.js';
import { Ledger } from '../idempotency/ledger.js';
import { RateLimitedLog } from '../shared/rate-limited-log.js';
import { RawBodyInstaller } from '../raw-body/raw-body.installer.js';
import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';
import type { ScalekitWebhookOptions } from '../scalekit-webhook.options.js';
import { type EndpointState, ScalekitWebhookRegistry } from '../scalekit-webhook.registry.js';
import { EVENT_DISPATCHER, REGISTRATION, RESOLVED_OPTIONS } from '../scalekit-webhook.tokens.js';
import { Lifecycle } from '../telemetry/lifecycle.js';
import { DeliveryAuthenticator } from '../signature/delivery-authenticator.js';
import { ApplicationAnnouncement } from './application-announcement.js';
import { OpenEndpoints } from './open-endpoints.js';
import { mountController, type Registration } from './scalekit-webhook.controller.js';

const REPLAY_WARNING =
  'The scheme "digest" signs no timestamp, so a captured delivery can be replayed once the store has forgotten its ' +
  "event. If your deliveries carry webhook-signature, set signature.schemes to ['standard'].";

const FORGETFUL_WARNING =
  'catchUp with a store in the memory of this process finds what was missed while the process runs, and nothing from ' +
  'before its start. Set idempotency.store to RedisIdempotencyStore or PostgresIdempotencyStore.';

const NO_ROUTE_WARNING =
  'This application serves HTTP, but no HTTP route of this endpoint was seen: its deliveries will fail. Look for code ' +
  "that replaces methods of Nest's HTTP adapter (post, all, …) after NestFactory.create(), or an adapter that does not " +
  'hand on the handlers it is given. See "No HTTP route" in docs/troubleshooting.md.';

/** Renewing this key shows that the store answers, and changes nothing: no ledger makes such a key. */
const NO_KEY = 'health';

/**
 * Opens an endpoint when the application starts, logs what it is, and waits for its handlers when the application
 * stops.
 */
@Injectable()
export class EndpointLifecycle implements OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown {
  private readonly logger = new Logger('ScalekitWebhook');
  private announcement: ApplicationAnnouncement | undefined;

  constructor(
    @Inject(REGISTRATION) private readonly registration: Registration,
    @Inject(RESOLVED_OPTIONS) private readonly options: ScalekitWebhookOptions,
    private readonly rawBody: RawBodyInstaller,
    private readonly authenticator: DeliveryAuthenticator,
    private readonly ledger: Ledger,
    @Inject(EVENT_DISPATCHER) private readonly dispatcher: EventDispatcher,
    private readonly log: RateLimitedLog,
    private readonly handlers: HandlerRegistry,
    lifecycle: Lifecycle,
    private readonly registry: ScalekitWebhookRegistry,
    open: OpenEndpoints,
    @Optional() private readonly catchUp?: CatchUpLoop,
  ) {
    const { path, signature, maxBodyBytes, maxUnverifiedBytes } = options;
    const { name, role, controller } = registration;
    registry.add({
      name,
      path,
      needsHandlers: role !== 'receive',
      acceptsDigest: role !== 'work' && signature.schemes.includes('digest'),
      maxBodyBytes,
      maxUnverifiedBytes,
      log,
      lifecycle,
      state: stateOf(ledger, options.idempotency.store, dispatcher, catchUp),
    });
    open.all.push({ name, role, options, dispatcher, lifecycle });
    mountController(controller, path);
  }

  async onApplicationBootstrap(): Promise<void> {
    const { name, role } = this.registration;
    this.refuseImpossibleHandlers();
    await this.announce();
    const warnings = role === 'work' ? [] : await this.authenticator.prepare();
    const { signature, idempotency } = this.options;
    const routes = this.rawBody.pathsOf(name).map((path) => `POST ${path}`);
    const schemes = role === 'work' ? '' : `; schemes: ${signature.schemes.join(', ')}`;
    this.logger.log(
      `[${name}] ${routes.join(', ') || 'no HTTP route'}; role: ${role}; dispatcher: ${this.dispatcher.name}; ` +
        `store: ${idempotency.store.constructor.name}${schemes}`,
    );
    if (role === 'work') {
      return;
    }
    if (routes.length === 0 && this.rawBody.isInstalled) {
      this.logger.warn(`[${name}] ${NO_ROUTE_WARNING}`);
    }
    for (const warning of warnings) {
      this.logger.warn(`[${name}] ${warning}`);
    }
    const { namesWithDigest } = this.registry;
    if (namesWithDigest[0] === name) {
      this.logger.warn(`[${namesWithDigest.join(', ')}] ${REPLAY_WARNING}`);
    }
    this.startCatchUp();
  }

  private startCatchUp(): void {
    if (this.catchUp && this.options.idempotency.store.isProcessLocal) {
      this.logger.warn(`[${this.registration.name}] ${FORGETFUL_WARNING}`);
    }
    this.catchUp?.start();
  }

  /** With a namespace of its own, an application shares its events with nobody by mistake. */
  private async announce(): Promise<void> {
    const { name, role } = this.registration;
    const { namespace, idempotency } = this.options;
    const { applications } = extrasOf(idempotency.store);
    const handlers = role === 'receive' ? [] : this.handlers.listenersOf(name).map((handler) => handler.name);
    if (applications && namespace === undefined && handlers.length > 0) {
      const announcement = new ApplicationAnnouncement(applications, this.logger, name, role, handlers);
      await announcement.begin();
      this.announcement = announcement;
    }
  }

  private refuseImpossibleHandlers(): void {
    const { name, role } = this.registration;
    const { store } = this.options.idempotency;
    const transactional = this.handlers
      .listenersOf(name)
      .find(({ subscriptions }) => subscriptions.some(({ options }) => options?.transactional));
    if (transactional && role !== 'receive' && !isTransactional(store)) {
      throw new ScalekitWebhookError(
        'invalid_handler',
        `${transactional.name} is transactional, but the store of the endpoint "${name}", ` +
          `${store.constructor.name}, has no transactions. Use PostgresIdempotencyStore, or leave transactional out.`,
      );
    }
  }

  /** The first hook of `app.close()`: what the handlers depend on is still there. */
  async onModuleDestroy(): Promise<void> {
    this.catchUp?.stop();
    await this.ledger.drain(this.options.shutdownTimeoutMs);
    await this.catchUp?.ended();
    await this.announcement?.end();
  }

  onApplicationShutdown(): void {
    this.log.close();
  }
}

/** The state of an endpoint, for health checks and gauges. */
function stateOf(
  ledger: Ledger,
  store: IdempotencyStore,
  dispatcher: EventDispatcher,
  catchUp: CatchUpLoop | undefined,
): EndpointState {
  return {
    claims: () => ledger.claims,
    countFailed: async (limit) => {
      const page = await dispatcher.failures?.failed({ limit, cursor: undefined });
      return page?.events.length;
    },
    askStore: async () => store.renew(NO_KEY, 0, 1),
    askQueue: () => dispatcher.ping?.(),
    isWorking: () => dispatcher.isWorking,
    catchUp: () => catchUp?.state,
  };
}
