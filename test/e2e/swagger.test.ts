import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { describe, expect, it } from 'vitest';
import { ScalekitWebhookModule } from '../../lib/index.js';
import { PLATFORMS, SECRET } from '../support/webhook-app.js';

interface Extras {
  path?: string;
}

const secret = SECRET;
const REGISTRATIONS = [
  { way: 'forRoot', register: (extras: Extras) => ScalekitWebhookModule.forRoot({ secret, ...extras }) },
  {
    way: 'forRootAsync',
    register: (extras: Extras) =>
      ScalekitWebhookModule.forRootAsync({ ...extras, useFactory: () => ({ secret }) }),
  },
];

async function documentedPaths(
  webhook: ReturnType<typeof ScalekitWebhookModule.forRoot>,
  { adapter }: (typeof PLATFORMS)[number],
  preview: boolean,
): Promise<string[]> {
  @Module({ imports: [webhook] })
  class AppModule {}
  const app = await NestFactory.create(AppModule, adapter(), { preview, logger: false, abortOnError: false });
  app.setGlobalPrefix('api');
  if (!preview) {
    await app.init();
  }
  try {
    return Object.keys(SwaggerModule.createDocument(app, new DocumentBuilder().build()).paths);
  } finally {
    await app.close();
  }
}

describe.each(PLATFORMS)('the OpenAPI document on $platform', (platform) => {
  describe.each([true, false])('with preview: %s', (preview) => {
    it.each(REGISTRATIONS)('names the path of $way', async ({ register }) => {
      expect(await documentedPaths(register({ path: 'hooks/in' }), platform, preview)).toEqual([
        '/api/hooks/in',
      ]);
      expect(await documentedPaths(register({}), platform, preview)).toEqual(['/api/webhooks/scalekit']);
    });
  });

  it('names the path that the factory of forRootAsync returns', async () => {
    const webhook = ScalekitWebhookModule.forRootAsync({
      useFactory: () => ({ secret, path: 'from/factory' }),
    });
    expect(await documentedPaths(webhook, platform, false)).toEqual(['/api/from/factory']);
  });
});
