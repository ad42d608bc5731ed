import { Injectable } from '@nestjs/common';
import { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { ScalekitWebhookRegistry } from '../scalekit-webhook.registry.js';
import { ExpressRawBody } from './express.platform.js';
import type { RawBodyPlatform } from './raw-body-platform.js';
import { RawBodyError } from './raw-body.error.js';
import { markRawBodyRoutes } from './raw-body-route.js';

/**
 * Nest builds providers inside `NestFactory.create()`, before `app.init()` registers the body parsers: a reader that
 * is installed in this constructor gets the bytes first, and the user has nothing to set up.
 */
@Injectable()
export class RawBodyInstaller {
  private readonly platform: RawBodyPlatform | undefined;

  constructor(
    private readonly host: HttpAdapterHost,
    modules: ModulesContainer,
    registry: ScalekitWebhookRegistry,
  ) {
    this.platform = this.choosePlatform();
    if (this.platform) {
      markRawBodyRoutes(modules);
      this.platform.install(host.httpAdapter, (name) => registry.forRoute(name));
    }
  }

  /** The real paths of an endpoint, once the routes are registered; none in an application without HTTP. */
  pathsOf(endpoint: string): readonly string[] {
    const routes = this.platform?.routes(this.host.httpAdapter) ?? [];
    return routes.filter((route) => route.endpoint === endpoint).map(({ path }) => path);
  }

  private choosePlatform(): RawBodyPlatform | undefined {
    // Without HTTP (NestFactory.createApplicationContext) the host stays empty, which its type does not say.
    const adapter = this.host.httpAdapter as HttpAdapterHost['httpAdapter'] | undefined;
    const platform = adapter?.getType();
    switch (platform) {
      case undefined:
        return undefined;
      case 'express':
        return new ExpressRawBody();
      default:
        throw RawBodyError.unknownPlatform(platform);
    }
  }
}
