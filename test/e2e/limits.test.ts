import { Scope } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { Recorder } from '../support/recorder.js';
import { anEvent, PLATFORMS, WebhookApp } from '../support/webhook-app.js';

/** What docs/compatibility.md lists as limits. */
describe.each(PLATFORMS)('on $platform', ({ adapter }) => {
  it('the handlers that a request-scoped factory makes are not heard, and a warning says that none was found', async () => {
    const made: Recorder[] = [];
    const useFactory = () => {
      const recorder = new Recorder();
      made.push(recorder);
      return recorder;
    };
    const server = await WebhookApp.start({
      adapter: adapter(),
      providers: [{ provide: 'SCOPED', scope: Scope.REQUEST, useFactory }],
    });
    expect(await server.deliver(anEvent())).toMatchObject({ status: 200, body: 'OK' });
    expect(made.flatMap(({ ids }) => ids)).toEqual([]);
    expect(server.logs.matching(/^warn: No handler found/)).toHaveLength(1);
    await server.close();
  });
});
