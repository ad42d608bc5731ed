import type { IncomingMessage } from 'node:http';
import type { AbstractHttpAdapter } from '@nestjs/core';
import type { AnswerableResponse } from '../answers/answers.js';
import type { EndpointLookup, RawBodyPlatform, RawBodyRoute } from './raw-body-platform.js';
import { captureRawBody } from './capture-raw-body.js';

const MARK = 'nestjs-scalekit-webhooks:raw-body-route';

interface ExpressRequest extends IncomingMessage {
  readonly path: string;
}

interface ExpressLayer {
  match(path: string): boolean;
  readonly route?: { readonly path: string; readonly stack: readonly { readonly handle: object }[] };
}

interface ExpressApplication {
  readonly router: { readonly stack: readonly ExpressLayer[] };
}

interface Route extends RawBodyRoute {
  readonly layer: ExpressLayer;
}

/**
 * Express runs middlewares in the order of their registration, so one that is registered while the application is
 * built comes before the body parsers. Which requests are ours is asked of Express's own route table: it knows the
 * global prefix, versions, parameters and case rules. A body that is read to its end is left alone by every parser.
 */
export class ExpressRawBody implements RawBodyPlatform {
  private registered: readonly Route[] | undefined;

  mark(method: object, endpoint: string): void {
    Reflect.defineMetadata(MARK, endpoint, method);
  }

  install(adapter: AbstractHttpAdapter, endpointOf: EndpointLookup): void {
    adapter.use((request: ExpressRequest, response: AnswerableResponse, next: (error?: Error) => void) => {
      const route = request.method === 'POST' ? this.routeOf(adapter, request.path) : undefined;
      const endpoint = route && endpointOf(route.endpoint);
      if (!endpoint || request.readableEnded) {
        next();
        return;
      }
      captureRawBody({ request, response, raw: request, endpoint }, next);
    });
  }

  /** Asked after `app.init()`, when the route table is complete. */
  routes(adapter: AbstractHttpAdapter): readonly Route[] {
    this.registered ??= adapter.getInstance<ExpressApplication>().router.stack.flatMap((layer) => {
      const marks = layer.route?.stack.map(({ handle }) => markOf(handle)) ?? [];
      const endpoint = marks.find((mark) => mark !== undefined);
      return layer.route && endpoint !== undefined ? [{ path: layer.route.path, endpoint, layer }] : [];
    });
    return this.registered;
  }

  private routeOf(adapter: AbstractHttpAdapter, path: string): Route | undefined {
    return this.routes(adapter).find((route) => route.path === path || route.layer.match(path));
  }
}

function markOf(handler: object): string | undefined {
  return Reflect.getMetadata(MARK, handler) as string | undefined;
}
