import { Injectable } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { ScalekitWebhookInspectorModule } from '../../../lib/inspector/index.js';
import { OnScalekitEvent, signWebhook, UnrecoverableEventError } from '../../../lib/index.js';
import { Gate } from '../gate.js';
import { anEvent, SECRET, WebhookApp, type WebhookAppSetup } from '../webhook-app.js';

/** Handlers of a kind each; tests say how long the slow one takes. */
@Injectable()
export class Sync {
  static gate = new Gate();
  static isBroken = true;

  @OnScalekitEvent('user.*')
  save(): void {}

  @OnScalekitEvent(['organization.created', 'organization.deleted'])
  async provision(): Promise<void> {
    await Sync.gate.pass();
  }

  @OnScalekitEvent('user.login')
  fail(): void {
    throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });
  }

  @OnScalekitEvent('user.updated')
  giveUp(): void {
    if (Sync.isBroken) {
      throw new UnrecoverableEventError('the directory has no seat left');
    }
  }
}

interface Inspected extends Pick<WebhookAppSetup, 'configure' | 'webhook'> {
  readonly adapter: AbstractHttpAdapter;
  readonly showPayloads?: boolean;
}

export async function startInspected({
  showPayloads = false,
  webhook,
  ...setup
}: Inspected): Promise<WebhookApp> {
  Sync.gate = new Gate();
  Sync.isBroken = true;
  return WebhookApp.start({
    ...setup,
    webhook: { idempotency: { failed: { payloads: true } }, ...webhook },
    imports: [ScalekitWebhookInspectorModule.forRoot({ path: 'inspector', showPayloads })],
    providers: [Sync],
  });
}

/** A delivery whose signature is another one's. */
export async function forge(app: WebhookApp): Promise<void> {
  const body = JSON.stringify(anEvent('user.created'));
  await app.post(body, { ...signWebhook({ body: `${body} `, secret: SECRET }) });
}
