import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OnScalekitEvent, type ScalekitEnvelope, UnrecoverableEventError } from '../../lib/index.js';
import type { FailedAnswer } from '../../lib/inspector/inspector.api.js';
import { startInspected } from '../support/inspector-app.js';
import { runCli } from '../support/run-cli.js';
import { anEvent, PLATFORMS, type WebhookApp } from '../support/webhook-app.js';

const TOKEN = 'Bearer known-to-admins';
let isBroken = true;
let runs: string[] = [];

@Injectable()
class Users {
  @OnScalekitEvent('user.*')
  sync({ id }: ScalekitEnvelope): void {
    runs.push(id);
    if (isBroken) {
      throw new UnrecoverableEventError('no tenant');
    }
  }
}

class AdminGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, unknown> }>();
    return headers.authorization === TOKEN;
  }
}

describe.each(PLATFORMS)('the command and the inspector of an application on $platform', ({ adapter }) => {
  let app: WebhookApp;
  const events = [anEvent('user.created'), anEvent('user.created'), anEvent('user.deleted')];
  const [first, second, third] = events.map(({ id }) => id);
  const run = (...args: string[]) =>
    runCli([
      ...args,
      '--inspector',
      `${app.url}/api/webhooks/inspector`,
      '--header',
      `authorization: ${TOKEN}`,
    ]);
  const listed = async (...args: string[]) => {
    const { stdout } = await run('failed', '--json', ...args);
    return (JSON.parse(stdout) as FailedAnswer).events.map(({ eventId }) => eventId);
  };

  beforeEach(async () => {
    isBroken = true;
    runs = [];
    app = await startInspected({
      adapter: adapter(),
      providers: [Users],
      inspector: { guards: [AdminGuard] },
      webhook: { idempotency: { failed: { payloads: true } } },
      configure: (nest) => nest.setGlobalPrefix('api'),
    });
    for (const event of events) {
      expect((await app.deliver(event, { path: '/api/webhooks/scalekit' })).status).toBe(200);
    }
    runs = [];
  });

  afterEach(() => app.close());

  it('lists what failed, with the reason, and what passes a filter', async () => {
    const { code, stdout } = await run('failed');
    expect(stdout).toMatch(/user\.created[^\n]*1 attempt\n {2}✗ Users\.sync: no tenant\n/);
    expect(code).toBe(0);
    expect(await listed()).toEqual([first, second, third]);
    expect(await listed('--type', 'user.created', '--limit', '1')).toEqual([first]);
    expect(await listed('--handler', 'Users.other')).toEqual([]);
    expect(await listed('--since', '1h')).toHaveLength(3);
    expect(await listed('--until', '1h')).toEqual([]);
  });

  it('is refused by the guards without what they ask for', async () => {
    const { code, stderr } = await runCli(['failed', '--inspector', `${app.url}/api/webhooks/inspector`]);
    expect(stderr).toMatch(/answers 403 .*--header/);
    expect(code).toBe(1);
  });

  it('runs handlers again, of one event or of all that a filter finds', async () => {
    isBroken = false;
    expect((await run('replay', first ?? '')).code).toBe(0);
    expect(runs).toEqual([first]);
    const { code, stdout } = await run('replay', '--type', 'user.*', '--yes');
    expect(stdout).toContain(`✓ ${third}  1 handler to run again`);
    expect(runs).toEqual([first, second, third]);
    expect(code).toBe(0);
    expect(await listed()).toEqual([]);
  });

  it('discards failures, and says where there are none', async () => {
    expect((await run('discard', '--type', 'user.created', '--yes')).code).toBe(0);
    expect(await listed()).toEqual([third]);
    const again = await run('discard', first ?? '');
    expect(again.stdout).toContain('nothing is kept of it');
    expect(again.code).toBe(1);
    expect(runs).toEqual([]);
  });

  it('names the endpoints that there are', async () => {
    const { code, stderr } = await run('failed', '--endpoint', 'blue');
    expect(stderr).toContain('"default"');
    expect(code).toBe(1);
  });
});
