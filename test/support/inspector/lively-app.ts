import { Injectable } from '@nestjs/common';
import { ScalekitWebhookInspectorModule } from '../../../lib/inspector/index.js';
import { OnScalekitEvent, type ScalekitEventType, UnrecoverableEventError } from '../../../lib/index.js';
import { scalekitEvent } from '../../../lib/testing/index.js';
import { Gate } from '../gate.js';
import { WebhookApp } from '../webhook-app.js';

const gate = new Gate();

@Injectable()
class DirectorySync {
  @OnScalekitEvent(['organization.directory.user_created', 'organization.directory.user_updated'])
  async upsert(): Promise<void> {
    await work(4);
  }

  @OnScalekitEvent('organization.directory.user_deleted')
  async remove(): Promise<void> {
    await work(2);
    throw new UnrecoverableEventError('Two workspaces have nobody else: hand them over first');
  }

  @OnScalekitEvent('organization.directory.group_created')
  async group(): Promise<void> {
    await work(6);
    throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED 10.0.4.17:443') });
  }
}

@Injectable()
class Billing {
  @OnScalekitEvent('user.organization_membership_created')
  seats(): Promise<void> {
    return work(9);
  }

  @OnScalekitEvent('organization.created')
  async open(): Promise<void> {
    await gate.pass();
  }
}

@Injectable()
class Audit {
  @OnScalekitEvent('organization.*')
  record(): Promise<void> {
    return work(1);
  }
}

/** An application in which each kind of thing has happened. */
export async function startLively(): Promise<WebhookApp> {
  const app = await WebhookApp.start({
    webhook: { answerWithinMs: 1500, idempotency: { failed: { payloads: true } } },
    imports: [ScalekitWebhookInspectorModule.forRoot({ path: 'inspector' })],
    providers: [DirectorySync, Billing, Audit],
  });
  const close = app.close.bind(app);
  app.close = () => {
    gate.release();
    return close();
  };
  const organizations = ['org_82915647365005430', 'org_71440038216009911', 'org_60233301927741185'];
  let many = 0;
  const send = async (type: ScalekitEventType, fields: object = {}): Promise<object> => {
    const organization_id = organizations[many++ % organizations.length];
    const event = { ...scalekitEvent(type), organization_id, ...fields };
    await app.deliver(event);
    return event;
  };
  await send('organization.directory.user_deleted');
  for (let round = 0; round < 4; round++) {
    await send('organization.directory.user_created');
    await send('user.organization_membership_created');
    await send('organization.directory.user_updated');
    await send('organization.sso_created');
  }
  const twice = await send('organization.directory.user_updated');
  await app.deliver(twice);
  await app.post('{}', {
    'webhook-id': 'msg_forged',
    'webhook-timestamp': '1',
    'webhook-signature': 'v1,AAAA',
  });
  await send('organization.directory.group_created');
  const slow = await send('organization.created');
  await app.deliver(slow);
  await send('organization.directory.user_created');
  await send('organization.directory.user_deleted');
  await send('user.login');
  return app;
}

function work(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
