import type { AbstractHttpAdapter } from '@nestjs/core';
import type { RegisteredEndpoint } from '../scalekit-webhook.registry.js';

/** A route whose body is read as raw bytes. */
export interface RawBodyRoute {
  readonly path: string;
  readonly endpoint: string;
}

export type EndpointLookup = (name: string) => RegisteredEndpoint | undefined;

/** What differs between HTTP platforms: where the bytes of a request can be taken before a parser sees them. */
export interface RawBodyPlatform {
  /** Leaves a mark on a controller method that the platform finds again on the route. */
  mark(method: object, endpoint: string): void;
  /** Runs while the application is built, before Nest registers its body parsers. */
  install(adapter: AbstractHttpAdapter, endpointOf: EndpointLookup): void;
  /** The marked routes as they were registered, global prefix and versioning included. */
  routes(adapter: AbstractHttpAdapter): readonly RawBodyRoute[];
}
