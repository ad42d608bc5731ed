import {
  Catch,
  createParamDecorator,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';

// Keys under which Nest's decorators keep their metadata: the same in Nest 11.0 to 12.5. There is no public way to read
// what `@UseGuards()` and the like were given. The constants moved from `@nestjs/common/constants` (11) to
// `@nestjs/common/internal` (12), so they are spelled out here.

/** Of `@UseGuards()` and the like, on a class or method: a list of classes and instances. */
export const GUARDS = '__guards__';
export const INTERCEPTORS = '__interceptors__';
export const PIPES = '__pipes__';
export const EXCEPTION_FILTERS = '__exceptionFilters__';
/** Of `@Catch()`, on a filter class: a list of error classes. */
export const CAUGHT_ERRORS = '__filterCatchExceptions__';
/** Of parameter decorators, on class and method name: `{ index, data, pipes, factory }` by keys that tell the kind. */
export const ROUTE_ARGUMENTS = '__routeArguments__';
export const CUSTOM_DECORATOR = '__customRouteArgs__';

/**
 * Decorates a class with Nest's own decorators, and looks whether their metadata is where we read it. Without this check
 * a handler's guards would be skipped in silence after a change in Nest.
 *
 * @throws at boot, if a decorator writes elsewhere
 */
export function checkMetadataKeys(): void {
  const unused = (): undefined => undefined;
  const probe = { canActivate: unused, intercept: unused, transform: unused, catch: unused } as never;
  class Probe {
    handle(): unknown {
      return probe;
    }
  }
  [UseGuards(probe), UseInterceptors(probe), UsePipes(probe), UseFilters(probe), Catch(Error)].forEach(
    (decorate) => {
      decorate(Probe);
    },
  );
  createParamDecorator(unused)('data', probe)(Probe.prototype, 'handle', 0);

  const isListed = [GUARDS, INTERCEPTORS, PIPES, EXCEPTION_FILTERS].every((key) =>
    listOf(key, Probe).includes(probe),
  );
  const parameters = Object.entries(
    (Reflect.getMetadata(ROUTE_ARGUMENTS, Probe, 'handle') ?? {}) as Record<string, Record<string, unknown>>,
  );
  const isDescribed = parameters.some(
    ([key, { index, data, pipes, factory }]) =>
      key.includes(CUSTOM_DECORATOR) &&
      index === 0 &&
      data === 'data' &&
      Array.isArray(pipes) &&
      pipes[0] === probe &&
      factory === unused,
  );
  if (!isListed || !isDescribed || !listOf(CAUGHT_ERRORS, Probe).includes(Error)) {
    throw new ScalekitWebhookError(
      'unsupported_nest',
      'This version of Nest keeps the metadata of its decorators where nestjs-scalekit-webhooks does not find it, so the ' +
        'guards, pipes, interceptors and filters of handlers would not run. Update nestjs-scalekit-webhooks, or use ' +
        'Nest 11 or 12.',
    );
  }
}

function listOf(key: string, target: object): readonly unknown[] {
  return (Reflect.getMetadata(key, target) ?? []) as readonly unknown[];
}
