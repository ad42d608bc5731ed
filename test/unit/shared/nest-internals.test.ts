import { DiscoveryModule, DiscoveryService, NestFactory } from '@nestjs/core';
import { afterEach, expect, it, vi } from 'vitest';
import { checkInstanceWrapper, checkMetadataKeys } from '../../../lib/shared/nest-internals.js';

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

it.each([
  'isDependencyTreeStatic',
  'isDependencyTreeDurable',
  'getInstanceByContextId',
  'isTransient',
  'host',
])('stops the boot where providers of a version of Nest have no %s', async (missing) => {
  const app = await NestFactory.createApplicationContext(DiscoveryModule, { logger: false });
  const [wrapper] = app.get(DiscoveryService).getProviders();
  await app.close();
  const without = new Proxy(wrapper as object, {
    get: (target, name) => (name === missing ? undefined : (Reflect.get(target, name) as unknown)),
    has: (target, name) => name !== missing && Reflect.has(target, name),
  });
  const check = (candidate: object | undefined) => () => {
    checkInstanceWrapper(candidate as never);
  };
  expect(check(wrapper)).not.toThrow();
  expect(check(without)).toThrow(expect.objectContaining({ code: 'unsupported_nest' }));
});
