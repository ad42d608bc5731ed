import { Injectable } from '@nestjs/common';
import { afterEach, describe, expect, it } from 'vitest';
import { OnScalekitEvent } from '../../lib/index.js';
import { anEvent, WebhookApp } from '../support/webhook-app.js';

@Injectable()
class Sync {
  seen: unknown[] = [];
  @OnScalekitEvent('user.created')
  async onCreated(event: any, context: any) {
    this.seen.push([event, context]);
  }
}
let app: WebhookApp;
afterEach(() => app.close());
describe('smoke', () => {
  it('works', async () => {
    app = await WebhookApp.start({ providers: [Sync] });
    const event = anEvent();
    const a = await app.deliver(event);
    console.log(app.logs.lines.join('\n'), a);
    expect(a.status).toBe(200);
    console.log(app.app.get(Sync).seen);
    console.log(await app.deliver(event));
    console.log(await app.post('{}', {}));
  });
});
