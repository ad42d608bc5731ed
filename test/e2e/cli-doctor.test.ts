import type { ServerResponse } from 'node:http';
import { type CanActivate, Injectable, UnauthorizedException } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { afterEach, describe, expect, it } from 'vitest';
import { OnScalekitEvent, type ScalekitEvent } from '../../lib/index.js';
import {
  answersBeforeFailing,
  type BrokenServer,
  notIdempotent,
  overviewHandler,
  parsesFirst,
  skipsVerification,
  slow,
} from '../fixtures/broken-servers/index.js';
import { isGenuine } from '../fixtures/broken-servers/broken-server.js';
import { startPlainServer } from '../support/plain-server.js';
import { runCli } from '../support/run-cli.js';
import { PLATFORMS, SECRET, WebhookApp } from '../support/webhook-app.js';

interface Report {
  readonly healthy: boolean;
  readonly scheme?: string;
  readonly checks: readonly { name: string; status: string; detail: string; remedy?: string }[];
}

/** How fast this machine is today proves nothing. The last one of an option counts. */
const PATIENT = ['--answer-within', '10000'];
const env = { SCALEKIT_WEBHOOK_SECRET: SECRET };
let running: { close(): Promise<void> } | undefined;

afterEach(async () => {
  await running?.close();
  running = undefined;
});

async function examine(url: string, ...args: string[]): Promise<{ code: number | null; report: Report }> {
  const { code, stdout } = await runCli(['doctor', url, '--json', ...PATIENT, ...args], { env });
  return { code, report: JSON.parse(stdout) as Report };
}

function named(report: Report, status: string): string[] {
  return report.checks.filter((check) => check.status === status).map(({ name }) => name);
}

describe.each(PLATFORMS)('doctor against this library on $platform', ({ adapter }) => {
  it('finds nothing off, and runs no handler but those of every type', async () => {
    const types: string[] = [];

    @Injectable()
    class Handlers {
      @OnScalekitEvent('user.*')
      onUser(event: ScalekitEvent<'user.*'>) {
        types.push(event.type);
      }
      @OnScalekitEvent('*')
      onAny(event: ScalekitEvent) {
        types.push(event.type);
      }
    }
    const app = await WebhookApp.start({ adapter: adapter(), providers: [Handlers] });
    running = app;

    const { code, report } = await examine(`${app.url}/webhooks/scalekit`);

    expect(named(report, 'failed')).toEqual([]);
    expect(named(report, 'warned')).toEqual([]);
    expect(named(report, 'skipped')).toEqual(['tls']);
    expect(report).toMatchObject({ healthy: true, scheme: 'standard' });
    expect(code).toBe(0);
    expect(new Set(types)).toEqual(new Set(['scalekit.webhooks.doctor']));
  });

  it.each(['standard', 'timestamped', 'digest'] as const)(
    'examines an endpoint that accepts %s alone',
    async (scheme) => {
      const app = await WebhookApp.start({
        adapter: adapter(),
        webhook: { signature: { schemes: [scheme] }, environmentId: 'env_staging' },
      });
      running = app;

      const { code, report } = await examine(
        `${app.url}/webhooks/scalekit`,
        '--scheme',
        scheme,
        '--environment-id',
        'env_staging',
      );

      expect(named(report, 'failed')).toEqual([]);
      expect(report.scheme).toBe(scheme);
      expect(code).toBe(0);
    },
  );

  it('without a secret checks what needs none', async () => {
    const app = await WebhookApp.start({ adapter: adapter() });
    running = app;

    const { code, stdout } = await runCli(['doctor', `${app.url}/webhooks/scalekit`, '--json']);

    const report = JSON.parse(stdout) as Report;
    expect(named(report, 'passed')).toEqual([
      'reachable',
      'redirects',
      'unsigned',
      'verifies_first',
      'forged',
    ]);
    expect(report).toMatchObject({ healthy: false, complete: false });
    expect(code).toBe(3);

    const text = await runCli(['doctor', `${app.url}/webhooks/scalekit`]);
    expect(text.stdout).not.toContain('All is well');
    expect(text.stdout).toMatch(/Only a part was checked: 5 passed, 13 skipped\.\nGive the secret/);
  });

  it('says that the secret is another one, and claims nothing that this hides', async () => {
    const app = await WebhookApp.start({ adapter: adapter() });
    running = app;

    const { code, report } = await examine(
      `${app.url}/webhooks/scalekit`,
      '--secret',
      'whsec_b3RoZXItc2VjcmV0LW9mLXRoaXJ0eS10d28tYnl0ZXM',
    );

    expect(named(report, 'failed')).toEqual(['good']);
    expect(named(report, 'passed')).toEqual([
      'reachable',
      'redirects',
      'unsigned',
      'verifies_first',
      'forged',
    ]);
    expect(report.checks.find(({ name }) => name === 'good')?.remedy).toContain('The secret is another one');
    expect(code).toBe(1);
  });
});

/** What people put before all routes. */
const GUARDS: readonly { name: string; answer: (response: ServerResponse) => void }[] = [
  { name: 'a guard that throws', answer: (response) => fail(response, 401, 'Unauthorized') },
  { name: 'a guard that returns false', answer: (response) => fail(response, 403, 'Forbidden resource') },
  {
    name: 'a session guard that redirects',
    answer: (response) => response.writeHead(302, { location: '/login?next=/webhooks' }).end(),
  },
];

function fail(response: ServerResponse, statusCode: number, message: string): void {
  response.writeHead(statusCode, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ message, statusCode }));
}

describe('doctor before an endpoint that is not reached', () => {
  it.each(GUARDS)('names $name and the cure, with a secret and without', async ({ answer }) => {
    const server = await startPlainServer(answer);
    running = server;

    const withSecret = await examine(server.url);
    const { code, stdout } = await runCli(['doctor', server.url]);

    for (const check of withSecret.report.checks.filter(({ status }) => status === 'failed')) {
      expect(check.remedy).toContain('a global guard');
      expect(check.remedy).toContain('controllerDecorators: [Public()]');
    }
    const names = withSecret.report.checks.map(({ name }) => name);
    expect(names).not.toContain('forged');
    expect(withSecret.code).toBe(1);
    expect(stdout).toContain('controllerDecorators: [Public()]');
    expect(stdout).toContain('Something is off');
    expect(code).toBe(1);
  });

  it.each(PLATFORMS)('names a real global guard of Nest, on $platform', async ({ adapter }) => {
    @Injectable()
    class AuthGuard implements CanActivate {
      canActivate(): boolean {
        throw new UnauthorizedException();
      }
    }
    const app = await WebhookApp.start({
      adapter: adapter(),
      providers: [{ provide: APP_GUARD, useClass: AuthGuard }],
    });
    running = app;

    const { report } = await examine(`${app.url}/webhooks/scalekit`);

    expect(named(report, 'failed')).toEqual(['unsigned', 'good']);
    expect(report.checks.at(-1)?.remedy).toContain('controllerDecorators: [Public()]');
  });

  it('takes a bare 401 for a refused signature where genuine deliveries are accepted', async () => {
    const server = await startPlainServer((response, body, headers) =>
      response.writeHead(isGenuine(body, headers, SECRET) ? 200 : 401).end(),
    );
    running = server;

    const { report } = await examine(server.url);

    expect(named(report, 'passed')).toEqual(
      expect.arrayContaining(['unsigned', 'good', 'forged', 'tampered']),
    );
  });

  it.each(PLATFORMS)('stops at a throttler of Nest and names the cure, on $platform', async ({ adapter }) => {
    const app = await WebhookApp.start({
      adapter: adapter(),
      imports: [ThrottlerModule.forRoot({ throttlers: [{ ttl: 600_000, limit: 10 }] })],
      providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }],
    });
    running = app;

    const { code, report } = await examine(`${app.url}/webhooks/scalekit`);

    const last = report.checks.at(-1);
    expect(last?.detail).toMatch(/^429 /);
    expect(last?.remedy).toContain('controllerDecorators: [SkipThrottle()]');
    expect(named(report, 'failed')).toEqual([last?.name]);
    expect(report.checks.map(({ name }) => name)).not.toContain('malformed');
    expect(code).toBe(1);
  });
});

const BROKEN: readonly {
  name: string;
  start: (secret: string) => Promise<BrokenServer>;
  failed: readonly string[];
  says: Readonly<Record<string, RegExp>>;
  args?: readonly string[];
}[] = [
  {
    name: "the overview's own handler",
    start: overviewHandler,
    failed: ['unsigned', 'verifies_first', 'raw_bytes', 'duplicate', 'at_once', 'no_event'],
    says: {
      unsigned: /missing or short signature must be 401/,
      verifies_first: /parsed before the signature/,
      raw_bytes: /parsed and written anew/,
      duplicate: /worked on twice/,
      at_once: /Up to 20 runs/,
    },
  },
  {
    name: 'one that skips verification',
    start: skipsVerification,
    failed: ['unsigned', 'verifies_first', 'forged', 'tampered', 'stale', 'future'],
    says: {
      unsigned: /Anyone can send events/,
      forged: /not verified/,
      stale: /time of signing is not checked/,
    },
  },
  {
    name: 'one that parses first',
    start: parsesFirst,
    failed: ['verifies_first', 'raw_bytes'],
    says: { raw_bytes: /parsed and written anew/ },
  },
  {
    name: 'one that is not idempotent',
    start: notIdempotent,
    failed: ['duplicate', 'at_once'],
    says: { duplicate: /worked on twice/, at_once: /Up to 20 runs/ },
  },
  {
    name: 'one that answers 200 before failing',
    start: answersBeforeFailing,
    failed: ['duplicate', 'at_once', 'malformed', 'no_event'],
    says: { malformed: /answers 200 before it has looked/, no_event: /answers 200 before it has looked/ },
  },
  {
    name: 'one that is slow',
    start: slow,
    failed: ['answer_time'],
    says: { answer_time: /put slow work on a queue/ },
    args: ['--answer-within', '300'],
  },
];

describe('doctor against broken servers', () => {
  it.each(BROKEN)('names what is wrong with $name', async ({ start, failed, says, args = [] }) => {
    const server = await start(SECRET);
    running = server;

    const { code, report } = await examine(server.url, ...args);

    expect(named(report, 'failed')).toEqual(failed);
    for (const [check, remedy] of Object.entries(says)) {
      expect(report.checks.find(({ name }) => name === check)?.remedy).toMatch(remedy);
    }
    expect(report.healthy).toBe(false);
    expect(code).toBe(1);
  });

  it('prints a checklist with what to do', async () => {
    const server = await notIdempotent(SECRET);
    running = server;

    const { stdout } = await runCli(['doctor', server.url, ...PATIENT], { env });

    expect(stdout).toMatch(/^✓ unsigned → 401 /m);
    expect(stdout).toMatch(
      /^✗ the same event 20 times at once → one run +20 were taken: 20 × 200 OK\n {2}→ /m,
    );
    expect(stdout).toMatch(/Something is off: \d+ passed, 2 failed, 1 skipped\.\n$/);
  });
});
