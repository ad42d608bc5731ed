// An application of its own, whose memory a test can look at. Reads the built package.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ScalekitWebhookModule } from 'nestjs-scalekit-webhooks';

const { secret, platform } = JSON.parse(process.argv[2]);

class AppModule {}
Module({ imports: [ScalekitWebhookModule.forRoot({ secret })] })(AppModule);
const adapter = platform === 'Fastify' ? [new FastifyAdapter()] : [];
const app = await NestFactory.create(AppModule, ...adapter, { logger: false });
await app.listen(0, '127.0.0.1');

process.on('message', () => process.send(process.memoryUsage()));
process.send({ port: app.getHttpServer().address().port });
