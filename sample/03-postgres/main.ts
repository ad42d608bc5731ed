import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule, ROLE } from './app.module.js';

if (ROLE === 'work') {
  const worker = await NestFactory.createApplicationContext(AppModule);
  worker.enableShutdownHooks();
} else {
  const app = await NestFactory.create(AppModule);
  app.enableShutdownHooks();
  await app.listen(process.env.PORT ?? 3000);
}
