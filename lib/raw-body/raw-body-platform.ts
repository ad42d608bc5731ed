import type { AbstractHttpAdapter } from '@nestjs/core';
import type { RegisteredEndpoint } from '../scalekit-webhook.registry.js';
import type { UnverifiedBytes } from './unverified-bytes.js';

/** An endpoint, as far as reading bodies goes. */
export interface ReadingEndpoint extends Pick<RegisteredEndpoint, 'maxBodyBytes' | 'log' | 'lifecycle'> {
  readonly unverified: UnverifiedBytes;
}

/** A route whose body is read as raw bytes. */
export interface RawBodyRoute {
  readonly path: string;
  readonly endpoint: string;
}

export type EndpointLookup = (name: string) => ReadingEndpoint | undefined;

/** What differs between HTTP platforms: where the bytes of a request can be taken before a parser sees them. */
export interface RawBodyPlatform {
  /** The routes behind our guard as they were registered, global prefix and versions included. */
  readonly routes: readonly RawBodyRoute[];
  /** Runs while the application is built, before Nest registers its body parsers and its routes. */
  install(adapter: AbstractHttpAdapter, endpointOf: EndpointLookup): void;
}
