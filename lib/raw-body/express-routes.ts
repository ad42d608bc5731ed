import type { AbstractHttpAdapter } from '@nestjs/core';
import { acceptsVersion, type ExpressLayer, lastExpressRoute, ROUTE_PATH } from '../shared/nest-internals.js';
import type { RawBodyRoute } from './raw-body-platform.js';
import { routeMarkOf } from './raw-body-route.js';

interface ExpressRequest {
  readonly method: string;
  readonly path: string;
}

interface Route extends RawBodyRoute {
  readonly layer: ExpressLayer;
  /** The routes that Express tries before this one; and those of them that match this one's path as it is written. */
  readonly earlier: readonly ExpressLayer[];
  readonly rivals: readonly ExpressLayer[];
}

type Filter = (request: ExpressRequest, response: object) => boolean;

/** Tells which request Express will give to a route of ours: it tries them in the order of their registration. */
export class ExpressRoutes {
  readonly ours: Route[] = [];
  private readonly layers: ExpressLayer[] = [];
  /** Of routes that take only some of the requests to their path: those of one version, or of one host. */
  private readonly filters = new Map<ExpressLayer, Filter>();

  constructor(private readonly adapter: AbstractHttpAdapter) {}

  /** Called when a route has been registered. Only those of controllers count: others may be middlewares. */
  add(path: string, handler: (...args: unknown[]) => unknown): void {
    if (!Reflect.hasMetadata(ROUTE_PATH, handler)) {
      return;
    }
    const mark = routeMarkOf(handler);
    const layer = lastExpressRoute(this.adapter, path);
    const filter = this.filterOf(mark?.hosts ?? [], acceptsVersion(handler));
    if (filter) {
      this.filters.set(layer, filter);
    }
    if (mark?.endpoint !== undefined) {
      const earlier = [...this.layers];
      const rivals = earlier.filter((other) => matches(other, path));
      this.ours.push({ path, endpoint: mark.endpoint, layer, earlier, rivals });
    }
    this.layers.push(layer);
  }

  /** The route of ours that runs, if it is one. */
  find(request: ExpressRequest, response: object): Route | undefined {
    const route = this.ours.find((candidate) =>
      this.takes(candidate.layer, request, response, candidate.path),
    );
    const isLiteral = route?.path === request.path;
    const isTaken = (isLiteral ? route.rivals : route?.earlier)?.some((layer) =>
      this.takes(layer, request, response, isLiteral ? request.path : undefined),
    );
    return isTaken ? undefined : route;
  }

  private takes(layer: ExpressLayer, request: ExpressRequest, response: object, knownPath?: string): boolean {
    return (
      layer.route?._handlesMethod(request.method) === true &&
      (knownPath === request.path || matches(layer, request.path)) &&
      (this.filters.get(layer)?.(request, response) ?? true)
    );
  }

  private filterOf(
    hosts: readonly (string | RegExp)[],
    acceptsTheVersion: Filter | undefined,
  ): Filter | undefined {
    if (hosts.length === 0) {
      return acceptsTheVersion;
    }
    const patterns = hosts.map((host) => (typeof host === 'string' ? hostPattern(host) : host));
    return (request, response) => {
      const host = String(this.adapter.getRequestHostname(request) ?? '');
      return (
        patterns.some((pattern) => host.match(pattern)) && (acceptsTheVersion?.(request, response) ?? true)
      );
    };
  }
}

function matches(layer: ExpressLayer, path: string): boolean {
  try {
    return layer.match(path);
  } catch {
    return false; // A parameter that can't be decoded: Express answers 400 when it comes to the route.
  }
}

/** The patterns of `@Controller({ host })`: `:name`, `*name` and `{optional}`, as path-to-regexp 8 reads them. */
function hostPattern(host: string): RegExp {
  const source = host.replace(
    /([:*])[\p{ID_Start}$_][\p{ID_Continue}$]*|[^\p{ID_Continue}]/gu,
    (token, sign) => {
      if (sign) {
        return sign === ':' ? '[^/]+' : '.+';
      }
      return { '{': '(?:', '}': ')?' }[token] ?? `\\${token}`;
    },
  );
  return new RegExp(`^${source}$`, 'i');
}
