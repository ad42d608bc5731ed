import { Buffer } from 'node:buffer';
import {
  type DynamicModule,
  type INestApplicationContext,
  type InjectionToken,
  Logger,
  type LoggerService,
  type LogLevel,
  Module,
  type ModuleMetadata,
  type OnModuleInit,
  type Type,
} from '@nestjs/common';
import { DiscoveryModule, DiscoveryService, NestFactory } from '@nestjs/core';
import { readEnvelope, type ScalekitEnvelope } from '../../events/envelope.js';
import { readOccurredAt } from '../../events/occurred-at.js';
import type { ScalekitEventContext } from '../../events/scalekit-event-context.js';
import { whenOver } from '../../handlers/handler-call.js';
import { HandlerRegistry } from '../../handlers/handler.registry.js';
import { findHandlers } from '../../handlers/find-handlers.js';
import { RateLimitedLog } from '../../shared/rate-limited-log.js';
import { ScalekitWebhookCoreModule } from '../../scalekit-webhook.module.js';
import { ScalekitWebhookRegistry } from '../../scalekit-webhook.registry.js';
import { Lifecycle } from '../../telemetry/lifecycle.js';

/** @publicApi */
export interface EmitOptions extends Partial<ScalekitEventContext> {
  /** What `@EventTransaction()` gives. */
  readonly transaction?: unknown;
}

/** @publicApi */
export interface TestingModuleOptions {
  /**
   * Where Nest logs to.
   *
   * @default warnings and errors, to the console
   */
  readonly logger?: LoggerService | LogLevel[] | false;
}

/** Registers the endpoints that the handlers listen to, without anything that receives deliveries. */
@Module({ imports: [ScalekitWebhookCoreModule, DiscoveryModule] })
class HandlersUnderTest implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly registry: ScalekitWebhookRegistry,
  ) {}

  onModuleInit(): void {
    const wanted = [...findHandlers(this.discovery)].flatMap(({ subscriptions }) =>
      subscriptions.flatMap(({ endpoint }) => endpoint ?? []),
    );
    for (const name of new Set(wanted)) {
      if (!this.registry.names.includes(name)) {
        const log = new RateLimitedLog(new Logger('ScalekitWebhook'), name);
        this.registry.add({
          name,
          path: `testing/${name}`,
          needsHandlers: true,
          acceptsDigest: false,
          maxBodyBytes: 0,
          maxUnverifiedBytes: 0,
          log,
          lifecycle: new Lifecycle(this.registry.application, name),
        });
      }
    }
  }
}

/**
 * Calls handlers as the application does, without HTTP, secrets and stores: a unit test of a handler class.
 *
 * ```ts
 * const handlers = await ScalekitWebhookTestingModule.create({ providers: [UserSync, Directory] });
 * await handlers.emit(scalekitEvent('user.created'));
 * expect(handlers.get(Directory).users).toHaveLength(1);
 * ```
 *
 * Handlers are found and called by the same code as in production: patterns, parameter decorators, pipes, guards,
 * interceptors, filters and scopes work. Order, retries, time limits and idempotency are left out: use
 * {@link ScalekitWebhookTester} for those.
 *
 * @publicApi
 */
export class ScalekitWebhookTestingModule {
  private constructor(private readonly app: INestApplicationContext) {}

  /** Starts an application of these providers; put what they inject among them, real or fake. */
  static async create(
    metadata: Pick<ModuleMetadata, 'imports' | 'providers' | 'controllers'>,
    { logger = ['warn', 'error', 'fatal'] }: TestingModuleOptions = {},
  ): Promise<ScalekitWebhookTestingModule> {
    const module: DynamicModule = { ...metadata, module: HandlersUnderTest };
    const options: object = { logger, abortOnError: false };
    return new ScalekitWebhookTestingModule(await NestFactory.createApplicationContext(module, options));
  }

  /**
   * Calls the handlers that listen to the event, side by side.
   *
   * @param options fields of the handlers' context, where a handler reads them
   * @returns the names (`Class.method`) of the handlers that were called
   * @throws what a handler throws, or an `AggregateError` if several do
   */
  async emit(
    event: { readonly type: string },
    { transaction, ...known }: EmitOptions = {},
  ): Promise<readonly string[]> {
    const rawBody = Buffer.from(JSON.stringify(event));
    const envelope = readEnvelope(rawBody);
    const context = contextOf(envelope, rawBody, known);
    const registry = this.app.get(HandlerRegistry, { strict: false });
    const handlers = registry.handlersFor(context.endpoint, envelope.type);
    const outcomes = await Promise.allSettled(
      handlers.map(
        (handler) =>
          new Promise<void>((resolve, reject) => {
            const args = transaction === undefined ? [] : [transaction];
            whenOver(handler.invoke(envelope, context, ...args), resolve, reject);
          }),
      ),
    );
    throwErrors(outcomes.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : [])));
    return handlers.map(({ name }) => name);
  }

  /** Gets a provider, to check what a handler did to it. */
  get<T>(token: Type<T> | InjectionToken<T>): T {
    return this.app.get<T>(token, { strict: false });
  }

  /** Runs the shutdown hooks. Only needed for providers that hold something open. */
  async close(): Promise<void> {
    await this.app.close();
  }
}

function contextOf(
  envelope: ScalekitEnvelope,
  rawBody: Uint8Array,
  known: Partial<ScalekitEventContext>,
): ScalekitEventContext {
  return {
    deliveryId: envelope.id,
    endpoint: 'default',
    source: 'webhook',
    scheme: 'standard',
    occurredAt: readOccurredAt(envelope).date,
    receivedAt: new Date(),
    attempt: 1,
    rawBody,
    signal: new AbortController().signal,
    ...known,
  };
}

function throwErrors(errors: readonly unknown[]): void {
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, `${errors.length} handlers failed.`);
}
