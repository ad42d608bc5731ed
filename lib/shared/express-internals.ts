import type { AbstractHttpAdapter } from '@nestjs/core';

// What this package uses of Express that Express does not publish. CONTRIBUTING.md lists it.

/** A route, or a middleware, in the table of Express's router. */
export interface ExpressLayer {
  match(path: string): boolean;
  readonly route?: { readonly path: unknown; _handlesMethod(method: string): boolean };
}

/**
 * Express's table of middlewares and routes, in the order of their registration. `app.router` is public; the table and
 * its entries are not: seen in router 2.2 and 2.3, that is Express 5.1 to 5.3.
 */
export function expressTable(adapter: AbstractHttpAdapter): readonly ExpressLayer[] {
  const { router } = adapter.getInstance<{
    readonly router?: { readonly stack?: readonly ExpressLayer[] };
  }>();
  return router?.stack ?? [];
}

/**
 * The entry of the route that was registered last.
 *
 * @throws Error, which stops the boot, if Express's table is not as expected
 */
export function lastExpressRoute(adapter: AbstractHttpAdapter, path: string): ExpressLayer {
  const layer = expressTable(adapter).at(-1);
  const isAsExpected =
    layer?.route?.path === path &&
    typeof layer.match === 'function' &&
    typeof layer.route._handlesMethod === 'function';
  if (!isAsExpected) {
    throw new Error(
      `The webhook module can't find the route ${path} in the route table of this version of Express. Please report ` +
        'the version; until this is mended, an older Express, or Fastify, works.',
    );
  }
  return layer;
}
