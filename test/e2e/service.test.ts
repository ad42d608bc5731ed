import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ScalekitWebhookModule, ScalekitWebhookService, signWebhook } from '../../lib/index.js';
import { Recorder } from '../support/recorder.js';
import { type Receiver, TRANSPORTS } from '../support/transports.js';
import { anEvent, LogLines, SECRET } from '../support/webhook-app.js';

const SERVICES = TRANSPORTS.filter(({ transport }) => transport.startsWith('by the service'));
const OTHER_SECRET = `whsec_${Buffer.from('another secret of 32 bytes, or so').toString('base64')}`;

describe.each(SERVICES)('a delivery received $transport', ({ open }) => {
  let receiver: Receiver;
  let service: ScalekitWebhookService;
  let recorder: Recorder;
  beforeEach(async () => {
    receiver = await open({ providers: [Recorder] });
    service = receiver.app.get(ScalekitWebhookService);
    recorder = receiver.app.get(Recorder);
  });
  afterEach(() => receiver.app.close());

  it.each([
    ['a string', (text: string) => text],
    ['a Buffer', (text: string) => Buffer.from(text)],
    ['a Uint8Array', (text: string) => new TextEncoder().encode(text)],
  ])('may be %s, also beyond ASCII', async (_, convert) => {
    const event = { ...anEvent(), name: 'Zoë 漢字 🎉' };
    const text = JSON.stringify(event);
    const headers = { ...signWebhook({ body: text, secret: SECRET }) };
    expect(await service.receive({ rawBody: convert(text), headers })).toEqual({
      statusCode: 200,
      headers: {},
      body: 'OK',
    });
    expect(recorder.events).toEqual([event]);
    expect(Buffer.from(recorder.contexts[0]?.rawBody ?? []).toString()).toBe(text);
  });

  it.each([
    ['capitals', (name: string) => name.toUpperCase()],
    ['small letters', (name: string) => name],
    ['both', (name: string) => name.replace(/\b[a-z]/g, (letter) => letter.toUpperCase())],
  ])('may have header names in %s', async (_, rename) => {
    const renamed = (headers: object) =>
      Object.fromEntries(Object.entries(headers).map(([name, value]) => [rename(name), String(value)]));
    const body = JSON.stringify(anEvent());
    const signed = renamed(signWebhook({ body, secret: SECRET }));
    const encoded = { ...signed, ...renamed({ 'content-encoding': 'gzip' }) };
    expect((await service.receive({ rawBody: body, headers: encoded })).statusCode).toBe(415);
    const identity = { ...signed, ...renamed({ 'content-encoding': 'identity' }) };
    expect((await service.receive({ rawBody: body, headers: identity })).statusCode).toBe(200);
    expect(recorder.ids).toHaveLength(1);
  });

  it('may have header values in lists, but each once', async () => {
    const body = JSON.stringify(anEvent());
    const headers = Object.entries({
      ...signWebhook({ body, secret: SECRET }),
      'content-encoding': 'identity',
    });
    const lists = Object.fromEntries(headers.map(([name, value]) => [name, [value]]));
    expect((await service.receive({ rawBody: body, headers: lists })).statusCode).toBe(200);
    const twice = Object.fromEntries(headers.map(([name, value]) => [name, [value, value]]));
    expect((await service.receive({ rawBody: body, headers: twice })).statusCode).toBe(415);
    const { 'content-encoding': _encoding, ...signatureTwice } = twice;
    expect((await service.receive({ rawBody: body, headers: signatureTwice })).statusCode).toBe(401);
  });
});

describe('an application without HTTP', () => {
  it('says at boot that its endpoint has no route', async () => {
    const logs = new LogLines();
    @Module({ imports: [ScalekitWebhookModule.forRoot({ secret: SECRET })], providers: [Recorder] })
    class AppModule {}
    const app = await NestFactory.createApplicationContext(AppModule, { logger: logs, abortOnError: false });
    expect(logs.matching(/\[default\] no HTTP route; role: both; /)).toHaveLength(1);
    await app.close();
  });

  it('has a service for each endpoint, in the module that imports it', async () => {
    @Injectable()
    class Queue {
      constructor(readonly service: ScalekitWebhookService) {}
    }
    @Injectable()
    class OtherQueue extends Queue {}
    @Module({ imports: [ScalekitWebhookModule.forRoot({ secret: SECRET })], providers: [Queue, Recorder] })
    class Staff {}
    @Module({
      imports: [ScalekitWebhookModule.forRoot({ name: 'other', path: 'other', secret: OTHER_SECRET })],
      providers: [
        {
          provide: OtherQueue,
          useFactory: (s: ScalekitWebhookService) => new OtherQueue(s),
          inject: [ScalekitWebhookService],
        },
      ],
    })
    class Customers {}
    @Module({ imports: [Staff, Customers] })
    class AppModule {}
    const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
    const rawBody = JSON.stringify(anEvent());
    const delivery = { rawBody, headers: { ...signWebhook({ body: rawBody, secret: OTHER_SECRET }) } };
    expect((await app.get(Queue).service.receive(delivery)).statusCode).toBe(401);
    expect((await app.get(OtherQueue).service.receive(delivery)).statusCode).toBe(200);
    expect(app.get(Recorder).contexts.map(({ endpoint }) => endpoint)).toEqual(['other']);
    await app.close();
  });
});
