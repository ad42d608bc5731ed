// An application in plain JavaScript, because bundlers drop the metadata that TypeScript's decorators need.
// bundles.mjs puts `setUp` in front of it: what this bundle takes of one entry of the library.
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventData, OnScalekitEvent, ScalekitWebhookModule, signWebhook } from 'nestjs-scalekit-webhooks';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
async function main() {
  const { options = {}, pipes = [], event = {}, close = () => undefined } = await setUp();
  const handled = [];

  class Handlers {
    onUser(data) {
      handled.push(data.id);
    }
  }
  Injectable()(Handlers);
  EventData(...pipes)(Handlers.prototype, 'onUser', 0);
  OnScalekitEvent('*', { name: 'on-user' })(
    Handlers.prototype,
    'onUser',
    Object.getOwnPropertyDescriptor(Handlers.prototype, 'onUser'),
  );

  class AppModule {}
  Module({
    imports: [ScalekitWebhookModule.forRoot({ secret: SECRET, ...options })],
    providers: [Handlers],
  })(AppModule);

  const app = await NestFactory.create(AppModule, { logger: ['error', 'fatal'], abortOnError: false });
  await app.listen(0, '127.0.0.1');
  const url = `${await app.getUrl()}/webhooks/scalekit`;

  async function post(body, headers) {
    const response = await fetch(url, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...headers },
    });
    return `${response.status} ${await response.text()}`;
  }

  const id = `evt_${process.pid}_${Date.now()}`;
  const type = 'organization.directory.user_created';
  const body = JSON.stringify({ id, type, data: { id: 'diruser_1', organization_id: 'org_1' }, ...event });
  const answers = [await post(body, signWebhook({ body, secret: SECRET }))];
  for (const until = Date.now() + 20_000; handled.length === 0 && Date.now() < until;) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  answers.push(await post(body, signWebhook({ body, secret: SECRET })));
  answers.push(await post(`${body} `, signWebhook({ body, secret: SECRET })));
  await app.close();
  await close();
  console.log(JSON.stringify({ answers, handled }));
}

void main();
