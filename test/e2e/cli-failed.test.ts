import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FailedActionAnswer, FailedAnswer } from '../../lib/inspector/inspector.api.js';
import { startPlainServer } from '../support/plain-server.js';
import { runCli, useFolder } from '../support/run-cli.js';
import { runOnTerminal } from '../support/run-on-terminal.js';

const TOKEN = 'Bearer of-a-good-name';
type Failure = FailedAnswer['events'][number];

let server: ReturnType<typeof createServer>;
let inspector: string;
let failures: Failure[];
let requests: { readonly method: string; readonly url: URL; readonly headers: IncomingMessage['headers'] }[];
let failedId: string | undefined;
let refuse: ((response: ServerResponse) => void) | undefined;
const folder = useFolder();

/** A server of the inspector's API that keeps a list; pages of two. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  const { method = '', headers } = request;
  const url = new URL(request.url ?? '', inspector);
  requests.push({ method, url, headers });
  const { searchParams: query, pathname } = url;
  if (refuse) {
    refuse(response);
  } else if (pathname === '/admin/inspector/api/failed') {
    const start = Number(query.get('cursor') ?? 0);
    const matching = failures.filter(({ type }) => type === (query.get('type') ?? type));
    const next = start + Math.min(2, Number(query.get('limit')));
    const page: FailedAnswer = {
      events: matching.slice(start, next),
      ...(next < matching.length && { cursor: String(next) }),
    };
    response.end(JSON.stringify(page));
  } else if (query.get('id') === failedId) {
    response.writeHead(503).end('{"message":"The store is away"}');
  } else {
    const count = failures.filter(({ eventId }) => eventId === query.get('id')).length;
    failures = failures.filter(({ eventId }) => eventId !== query.get('id'));
    const done: FailedActionAnswer = { count };
    response.end(JSON.stringify(done));
  }
}

const failure = (eventId: string, handler: string, more: Partial<Failure> = {}): Failure => ({
  eventId,
  type: 'user.created',
  handler,
  reason: 'no tenant',
  attempts: 3,
  failedAt: '2026-11-26T09:00:00.000Z',
  ...more,
});

beforeEach(async () => {
  server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  inspector = `http://127.0.0.1:${(server.address() as AddressInfo).port}/admin/inspector`;
  requests = [];
  refuse = failedId = undefined;
  failures = [
    failure('evt_1', 'Users.create', { organizationId: 'org_1' }),
    failure('evt_1', 'Mail.welcome'),
    failure('evt_2', 'Users.create', { attempts: 1 }),
    failure('evt_3', 'Users.remove', { type: 'user.deleted' }),
  ];
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

const run = (...args: string[]) => runCli([...args, '--inspector', inspector]);
const posts = () =>
  requests.filter(({ method }) => method === 'POST').map(({ url }) => url.pathname + url.search);

describe('failed', () => {
  it('lists what handlers gave up on, from page to page', async () => {
    const { code, stdout } = await run('failed');

    expect(stdout).toContain('evt_1  user.created  2026-11-26T09:00:00.000Z, 3 attempts, org_1\n');
    expect(stdout).toContain('  ✗ Mail.welcome: no tenant\n');
    expect(stdout).toContain('evt_2  user.created  2026-11-26T09:00:00.000Z, 1 attempt\n');
    expect(stdout).toContain('evt_3');
    expect(code).toBe(0);
  });

  it('asks for what the filter says, and tells when more is kept than is shown', async () => {
    const { stdout } = await run(
      ...['failed', '--endpoint', 'billing', '--type', 'user.created', '--handler', 'Users.create'],
      ...['--organization', 'org_1', '--since', '2026-11-01', '--until', '2026-11-30T10:00:00Z'],
      ...['--limit', '2', '--json'],
    );

    const { cursor, limit, ...filter } = Object.fromEntries(requests[0]?.url.searchParams ?? []);
    expect(filter).toEqual({
      endpoint: 'billing',
      type: 'user.created',
      handler: 'Users.create',
      organization: 'org_1',
      since: '2026-11-01T00:00:00.000Z',
      until: '2026-11-30T10:00:00.000Z',
    });
    expect([cursor, limit]).toEqual([undefined, '3']);
    expect(JSON.parse(stdout)).toEqual({
      inspector,
      endpoint: 'billing',
      events: failures.slice(0, 2),
      hasMore: true,
    });
  });

  it('reckons --since from now', async () => {
    const before = Date.now();
    await run('failed', '--since', '2h');

    const since = Date.parse(requests[0]?.url.searchParams.get('since') ?? '');
    expect(since).toBeGreaterThanOrEqual(before - 7_200_000);
    expect(since).toBeLessThanOrEqual(Date.now() - 7_200_000);
  });

  it('shows what comes from outside without invisible characters', async () => {
    failures = [failure('evt_\u202e1', 'A.b', { reason: 'a\u001b[2Jb\nc' })];
    const { stdout } = await run('failed');

    expect(stdout).toContain('✗ A.b: a [2Jb c\n');
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  });

  it('sends the headers that it is given, and shows their values nowhere', async () => {
    refuse = (response) =>
      response
        .writeHead(403, { 'content-type': 'application/json' })
        .end(JSON.stringify({ message: `Not for ${TOKEN}` }));
    const header = ['--header', `Authorization: ${TOKEN}`, '--header', 'x-tenant: acme-corporation'];
    const { code, stderr, stdout } = await run('failed', ...header);

    expect(requests[0]?.headers).toMatchObject({ authorization: TOKEN, 'x-tenant': 'acme-corporation' });
    expect(stderr).toContain('403 Not for');
    expect(stderr).toContain('--header');
    expect(stdout + stderr).not.toContain('of-a-good-name');
    expect(code).toBe(1);
  });

  it('takes the PORT of the env file, as the other commands do', async () => {
    folder.write(`PORT=${new URL(inspector).port}\n`, '.env');
    const { stderr } = await runCli(['failed'], { cwd: folder.path });

    expect(stderr).toContain(
      `URL: http://localhost:${new URL(inspector).port}/webhooks/inspector (PORT in .env)`,
    );
    expect(requests[0]?.url.pathname).toBe('/webhooks/inspector/api/failed');
  });

  it.each([
    ['a page', (response: ServerResponse) => response.end('<html>'), '200 (an HTML page)'],
    [
      'nothing',
      (response: ServerResponse) => response.writeHead(404).end('{"message":"Cannot GET"}'),
      '404 Cannot GET',
    ],
    [
      'a redirect',
      (response: ServerResponse) => response.writeHead(302, { location: inspector }).end(),
      '302',
    ],
    ['another list', (response: ServerResponse) => response.end('{"rows":[]}'), 'no list of failed events'],
    [
      'events of another kind',
      (response: ServerResponse) => response.end('{"events":[null,{"id":1}]}'),
      'no list of failed events',
    ],
  ])('says that no inspector is there where it finds %s', async (_, respond, what) => {
    refuse = respond;
    const { code, stderr } = await run('failed');

    expect(stderr).toContain(`${inspector} is no inspector: `);
    expect(stderr).toContain(what);
    expect(requests).toHaveLength(1);
    expect(code).toBe(1);
  });

  it('ends with exit code 4 where nobody listens', async () => {
    const gone = await startPlainServer((response) => response.end());
    await gone.close();
    const { code, stdout } = await runCli(['failed', '--inspector', gone.url, '--json']);

    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'unreachable', exitCode: 4 } });
    expect(stdout).toContain('ECONNREFUSED');
    expect(code).toBe(4);
  });

  it.each([
    ['--since', 'soon'],
    ['--limit', '0'],
    ['--header', 'none'],
    ['--header', 'a b: c'],
    ['--inspector', 'ftp://h/'],
  ])('refuses %s %s', async (option, value) => {
    const { code } = await runCli(['failed', '--inspector', inspector, option, value]);

    expect(requests).toEqual([]);
    expect(code).toBe(2);
  });
});

describe.each(['replay', 'discard'])('%s', (action) => {
  const path = `/admin/inspector/api/failed/${action}`;

  it('acts on one event without a question', async () => {
    const { code, stdout } = await run(action, 'evt_1');

    expect(posts()).toEqual([`${path}?id=evt_1`]);
    expect(requests[0]?.headers).toMatchObject({ 'x-scalekit-inspector': '1', 'content-length': '0' });
    expect(requests[0]?.headers).not.toHaveProperty('origin');
    expect(stdout).toContain('✓ evt_1  2 ');
    expect(code).toBe(0);
  });

  it('ends with exit code 1 where nothing is kept of the event', async () => {
    const { code, stdout } = await run(action, 'evt_9', '--json');

    expect(JSON.parse(stdout)).toEqual({
      inspector,
      action,
      events: [{ eventId: 'evt_9', count: 0 }],
    });
    expect(code).toBe(1);
  });

  it('acts on each event that a filter finds once, with --yes', async () => {
    const { code, stdout, stderr } = await run(action, '--type', 'user.created', '--yes');

    expect(posts()).toEqual(['evt_1', 'evt_2'].map((id) => `${path}?id=${id}`));
    expect(stderr).toContain('user.created  Users.create  2');
    expect(stdout).toMatch(/✓ evt_1 {2}2 [^]*✓ evt_2 {2}1 /);
    expect(code).toBe(0);
  });

  it.each([
    ['y', 2, 0],
    ['n', 0, 5],
  ])('asks at a terminal before it acts on several: %s', async (typed, count, code) => {
    const args = [action, '--type', 'user.created', '--inspector', inspector];
    const result = await runOnTerminal(args, { answer: typed });

    expect(result.stdout).toContain(`${action} 2 events? [y/N]`);
    expect(posts()).toHaveLength(count);
    expect(result.code).toBe(code);
  });

  it('acts on nothing without a terminal and without --yes', async () => {
    const { code, stderr } = await run(action, '--since', '2h');

    expect(stderr).toContain(`Say --yes to ${action} 3 events`);
    expect(posts()).toEqual([]);
    expect(code).toBe(5);
  });

  it.each([[[]], [['evt_1', '--type', 'user.created']]])('needs an id or a filter, not %j', async (args) => {
    const { code, stderr } = await run(action, ...args);

    expect(stderr).toContain('the id of an event, or a filter');
    expect(requests).toEqual([]);
    expect(code).toBe(2);
  });

  it('asks before it goes to another machine', async () => {
    const args = [action, 'evt_1', '--inspector', 'http://staging.example.invalid/inspector'];

    expect((await runCli(args)).code).toBe(5);
    expect((await runCli([...args, '--yes'])).code).toBe(4);
  });

  it('goes on after an event that is refused, and ends with exit code 1', async () => {
    failedId = 'evt_2';
    const { code, stdout } = await run(action, '--since', '2h', '--yes');

    expect(stdout).toMatch(/✓ evt_1 [^]*✗ evt_2 {2}.*503 The store is away[^]*✓ evt_3 /);
    expect(code).toBe(1);
  });
});

it('replay --all runs the handlers that have finished again, too', async () => {
  await run('replay', 'evt_1', '--all');

  expect(posts()).toEqual(['/admin/inspector/api/failed/replay?all=true&id=evt_1']);
});
