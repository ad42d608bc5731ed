import { Injectable } from '@nestjs/common';
import { type AbstractHttpAdapter, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { ScalekitWebhookRegistry } from '../scalekit-webhook.registry.js';
import { ExpressRawBody } from './express.platform.js';
import { FastifyRawBody } from './fastify.platform.js';
import type { RawBodyPlatform } from './raw-body-platform.js';
import { RawBodyError } from './raw-body.error.js';
import { markRawBodyRoutes } from './raw-body-route.js';

/**
 * Nest builds providers inside `NestFactory.create()`, before `app.init()` registers the body parsers: a reader that
 * is installed in this constructor gets the bytes first, and the user has nothing to set up.
 */
@Injectable()
export class RawBodyInstaller {
  private platform: RawBodyPlatform | undefined;

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly modules: ModulesContainer,
    private readonly registry: ScalekitWebhookRegistry,
  ) {
    // A testing module gets its adapter after its providers; an application without HTTP gets none.
    host.init$.subscribe(() => {
      if (this.adapter && !this.platform) {
        this.install(this.adapter);
      }
    });
  }

  /** The real paths of an endpoint, once the routes are registered; none in an application without HTTP. */
  pathsOf(endpoint: string): readonly string[] {
    const routes = (this.adapter && this.platform?.routes(this.adapter)) ?? [];
    return routes.filter((route) => route.endpoint === endpoint).map(({ path }) => path);
  }

  /** Its type does not say that the host may be empty. */
  private get adapter(): AbstractHttpAdapter | null | undefined {
    return this.host.httpAdapter;
  }

  private install(adapter: AbstractHttpAdapter): void {
    const platform = platformOf(adapter);
    this.platform = platform;
    markRawBodyRoutes(this.modules, (method, endpoint) => {
      platform.mark(method, endpoint);
    });
    platform.install(adapter, (name) => this.registry.forRoute(name));
  }
}

function platformOf(adapter: AbstractHttpAdapter): RawBodyPlatform {
  const platform = adapter.getType();
  switch (platform) {
    case 'express':
      return new ExpressRawBody();
    case 'fastify':
      return new FastifyRawBody();
    default:
      throw RawBodyError.unknownPlatform(platform);
  }
}
