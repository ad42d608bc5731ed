import { Injectable } from '@nestjs/common';
import { type AbstractHttpAdapter, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { type RegisteredEndpoint, ScalekitWebhookRegistry } from '../scalekit-webhook.registry.js';
import { ExpressRawBody } from './express.platform.js';
import { FastifyRawBody } from './fastify.platform.js';
import { markRoutes, type RawBodyPlatform, type ReadingEndpoint } from './raw-body-route.js';
import { RawBodyError } from './raw-body.error.js';
import { UnverifiedBytes } from './unverified-bytes.js';

/**
 * Nest builds providers inside `NestFactory.create()`, before `app.init()` registers the body parsers: a reader that
 * is installed in this constructor gets the bytes first, and the user has nothing to set up.
 */
@Injectable()
export class RawBodyInstaller {
  private platform: RawBodyPlatform | undefined;
  private readonly reading = new Map<RegisteredEndpoint, ReadingEndpoint>();

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

  /** Whether the application serves HTTP. */
  get isInstalled(): boolean {
    return this.platform !== undefined;
  }

  /** The real paths of an endpoint, once the routes are registered; none in an application without HTTP. */
  pathsOf(endpoint: string): readonly string[] {
    const routes = this.platform?.routes ?? [];
    return routes.filter((route) => route.endpoint === endpoint).map(({ path }) => path);
  }

  /** The host may be empty, although its type does not say so. */
  private get adapter(): AbstractHttpAdapter | null | undefined {
    return this.host.httpAdapter;
  }

  private install(adapter: AbstractHttpAdapter): void {
    markRoutes(this.modules);
    this.platform = platformOf(adapter);
    this.platform.install(adapter, (name) => this.readingOf(name));
  }

  private readingOf(name: string): ReadingEndpoint | undefined {
    const endpoint = this.registry.forRoute(name);
    let reading = endpoint && this.reading.get(endpoint);
    if (endpoint && !reading) {
      const { maxBodyBytes, maxUnverifiedBytes, log, lifecycle } = endpoint;
      const unverified = new UnverifiedBytes(Math.max(maxBodyBytes, maxUnverifiedBytes));
      reading = { maxBodyBytes, log, lifecycle, unverified };
      this.reading.set(endpoint, reading);
    }
    return reading;
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
