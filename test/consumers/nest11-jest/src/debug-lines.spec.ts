import 'reflect-metadata';
import { type INestApplication, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { OnScalekitEvent, ScalekitWebhookModule } from 'nestjs-scalekit-webhooks';
import { scalekitEvent, ScalekitWebhookTester } from 'nestjs-scalekit-webhooks/testing';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

@Injectable()
class Users {
  @OnScalekitEvent('user.created')
  add() {
    return undefined;
  }
}

@Module({ imports: [ScalekitWebhookModule.forRoot({ secret })], providers: [Users] })
class AppModule {}

let app: INestApplication;
afterEach(() => app.close());

async function debugLines(levels: ('log' | 'debug')[] | undefined): Promise<string[]> {
  const lines: string[] = [];
  const ignore = () => undefined;
  const debug = (line: string) => lines.push(line);
  app = await NestFactory.create(AppModule, { logger: { log: ignore, warn: ignore, error: ignore, debug } });
  if (levels) app.useLogger(levels);
  await app.listen(0, '127.0.0.1');
  await new ScalekitWebhookTester(app, { secret }).deliver(scalekitEvent('user.created', { id: 'evt_1' }));
  return lines.filter((line) => line.startsWith('[default]'));
}

/** Nest 11 says that no level is on until levels are set, and prints all of them. */
it('has a line for each delivery where no levels are set', async () => {
  expect(await debugLines(undefined)).toEqual([
    expect.stringMatching(/^\[default\] evt_1 user\.created → Users\.add \d+ ms$/),
  ]);
});

it('has none where the level is off', async () => {
  expect(await debugLines(['log'])).toEqual([]);
});
