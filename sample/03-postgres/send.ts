import { signWebhook } from 'nestjs-scalekit-webhooks';
import { SECRET } from './secret.js';

const ROUTE = `http://localhost:${process.env.PORT ?? 3000}/webhooks/scalekit`;
const now = Date.now();

function userEvent(change: 'created' | 'updated', secondsAgo: number, active: boolean): string {
  return JSON.stringify({
    spec_version: '1',
    id: `evt_${now}_${change}_${secondsAgo}`,
    type: `organization.directory.user_${change}`,
    object: 'DirectoryUser',
    occurred_at: new Date(now - secondsAgo * 1_000).toISOString(),
    environment_id: 'env_sample',
    organization_id: 'org_sample',
    data: { id: `diruser_${now}`, organization_id: 'org_sample', name: 'Ada', active },
  });
}

async function post(what: string, body: string): Promise<void> {
  const headers = { ...signWebhook({ body, secret: SECRET }) };
  const response = await fetch(ROUTE, { method: 'POST', body, headers });
  console.log(`${what.padEnd(28)} ${response.status} ${await response.text()}`);
}

const created = userEvent('created', 30, true);
await post('a user is created', created);
await post('the same event again', created);
await post('the user is deactivated', userEvent('updated', 10, false));
