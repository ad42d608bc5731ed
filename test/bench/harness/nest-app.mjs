import { NestFactory } from '@nestjs/core';

const ADAPTERS = {
  express: async () => new (await import('@nestjs/platform-express')).ExpressAdapter(),
  fastify: async () => new (await import('@nestjs/platform-fastify')).FastifyAdapter(),
};

/** @returns the port of a Nest app */
export async function startNest(module, platform, options = {}) {
  const app = await NestFactory.create(module, await ADAPTERS[platform](), {
    logger: false,
    abortOnError: false,
    ...options,
  });
  await app.listen(0, '127.0.0.1');
  return app.getHttpServer().address().port;
}
