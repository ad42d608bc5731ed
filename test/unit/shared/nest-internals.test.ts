import { afterEach, expect, it, vi } from 'vitest';
import { checkMetadataKeys } from '../../../lib/shared/nest-internals.js';

afterEach(() => vi.restoreAllMocks());

it('finds what the decorators of this version of Nest write', () => {
  expect(checkMetadataKeys).not.toThrow();
});

it.each([
  '__guards__',
  '__interceptors__',
  '__pipes__',
  '__exceptionFilters__',
  '__filterCatchExceptions__',
  '__routeArguments__',
])('stops the boot where a version of Nest does not write %s', (moved) => {
  const getMetadata = Reflect.getMetadata.bind(Reflect);
  vi.spyOn(Reflect, 'getMetadata').mockImplementation((...args: unknown[]) =>
    args[0] === moved ? undefined : (getMetadata(...(args as Parameters<typeof getMetadata>)) as unknown),
  );
  expect(checkMetadataKeys).toThrow(expect.objectContaining({ code: 'unsupported_nest' }));
});
