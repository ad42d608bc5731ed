/**
 * Keys under which Nest's decorators keep their metadata. They are the same in Nest 11 and 12, but the constants
 * moved from `@nestjs/common/constants` to `@nestjs/common/internal`, so they are spelled out here.
 */
export const GUARDS = '__guards__';
export const INTERCEPTORS = '__interceptors__';
export const PIPES = '__pipes__';
export const EXCEPTION_FILTERS = '__exceptionFilters__';
export const ROUTE_ARGUMENTS = '__routeArguments__';
