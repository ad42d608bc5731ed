import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { OpenEndpoints } from '../receive/open-endpoints.js';
import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';
import { ScalekitWebhookRegistry } from '../scalekit-webhook.registry.js';
import { EntriesFeed } from './entries.feed.js';
import { InspectorJournal } from './inspector.journal.js';
import { INSPECTOR_REGISTRATION, type InspectorRegistration, routeOf } from './inspector.options.js';
import { InspectorRecorder } from './inspector.recorder.js';

/** Records from the boot to the end of the application. */
@Injectable()
export class InspectorLifecycle
  implements
    OnModuleInit,
    OnApplicationBootstrap,
    OnModuleDestroy,
    BeforeApplicationShutdown,
    OnApplicationShutdown
{
  constructor(
    @Inject(INSPECTOR_REGISTRATION) private readonly registration: InspectorRegistration,
    private readonly registry: ScalekitWebhookRegistry,
    private readonly endpoints: OpenEndpoints,
    private readonly recorder: InspectorRecorder,
    private readonly feed: EntriesFeed,
    private readonly journal: InspectorJournal,
  ) {}

  /** @throws ScalekitWebhookError `invalid_options` where an endpoint has the path of the inspector, or one below it; all are below '' */
  onModuleInit(): void {
    const own = routeOf(this.registration.path);
    const rival = this.registry.all.find(
      ({ path }) => own === '' || `${routeOf(path)}/`.startsWith(`${own}/`),
    );
    if (rival) {
      throw new ScalekitWebhookError(
        'invalid_options',
        `ScalekitWebhookInspectorModule can't start: its path is "${this.registration.path}", and the endpoint ` +
          `"${rival.name}" has the path "${rival.path}". Give one of them another: forRoot({ path: '…' }).`,
      );
    }
  }

  /** @throws ScalekitWebhookError `invalid_options` where a second inspector is imported: one of them would show nothing */
  onApplicationBootstrap(): void {
    if (this.endpoints.all.some(({ lifecycle }) => lifecycle.observer)) {
      throw new ScalekitWebhookError(
        'invalid_options',
        "ScalekitWebhookInspectorModule can't start: it is imported twice. One inspector shows all endpoints of the " +
          'application: import one, or share the constant that forRoot returned.',
      );
    }
    this.recorder.start();
  }

  /** The store may be closed by a later hook. */
  async onModuleDestroy(): Promise<void> {
    await this.recorder.flush();
  }

  /** Handlers have ended. Streams end before the server waits for its connections. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.recorder.stop();
    this.feed.close();
  }

  onApplicationShutdown(): void {
    this.journal.warnings.close();
  }
}
