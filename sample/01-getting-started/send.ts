import { signWebhook, WEBHOOK_SCHEMES, type WebhookScheme } from 'nestjs-scalekit-webhooks';
import { SECRET } from './secret.js';

const APP = `http://localhost:${process.env.PORT ?? 3000}`;
const startedAt = new Date();

/** A person appears in a customer's directory. */
function userCreated(name: string): string {
  return JSON.stringify({
    spec_version: '1',
    id: `evt_${startedAt.getTime()}_${name.toLowerCase()}`,
    type: 'organization.directory.user_created',
    object: 'DirectoryUser',
    occurred_at: startedAt.toISOString(),
    environment_id: 'env_sample',
    organization_id: 'org_sample',
    data: { id: `diruser_${name.toLowerCase()}`, organization_id: 'org_sample', name, active: true },
  });
}

async function post(what: string, body: string, headers: Record<string, string>): Promise<void> {
  const response = await fetch(`${APP}/webhooks/scalekit`, { method: 'POST', body, headers });
  console.log(`${what.padEnd(38)} ${response.status} ${await response.text()}`);
}

const sign = (body: string, scheme: WebhookScheme) => ({ ...signWebhook({ body, secret: SECRET, scheme }) });

for (const [index, scheme] of WEBHOOK_SCHEMES.entries()) {
  const body = userCreated(['Ada', 'Grace', 'Katherine'][index] ?? 'Someone');
  await post(`a delivery signed by "${scheme}"`, body, sign(body, scheme));
}

const ada = userCreated('Ada');
await post('the same event again', ada, sign(ada, 'standard'));

const mallory = userCreated('Mallory');
await post('a forgery', mallory, sign(ada, 'standard'));

const directory = await fetch(`${APP}/directory`);
console.log(`\nGET ${APP}/directory now says who arrived:`);
console.table(await directory.json());
console.log(`\nWhat came in, and what became of it: ${APP}/webhooks/inspector`);
