import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { SCALEKIT_EVENT_TYPES, verifyWebhook, WEBHOOK_SCHEMES } from '../../lib/index.js';
import { type PlainServer, startPlainServer } from '../support/plain-server.js';
import { Recorder } from '../support/recorder.js';
import { runCli } from '../support/run-cli.js';
import { SECRET, WebhookApp } from '../support/webhook-app.js';

const env = { SCALEKIT_WEBHOOK_SECRET: SECRET };
let server: PlainServer | undefined;
let app: WebhookApp | undefined;
let folder: string | undefined;

afterEach(async () => {
  await server?.close();
  await app?.close();
  if (folder !== undefined) {
    rmSync(folder, { recursive: true });
  }
  [server, app, folder] = [undefined, undefined, undefined];
});

interface Summary {
  readonly answered: number;
  readonly interrupted: boolean;
  readonly statuses: Record<string, number>;
  readonly latencyMs: Record<string, number>;
}

function fileWith(text: string): string {
  folder = mkdtempSync(join(tmpdir(), 'cli-'));
  const file = join(folder, 'payload.json');
  writeFileSync(file, text);
  return file;
}

describe('send', () => {
  it.each(WEBHOOK_SCHEMES)('posts an event of the catalogue, signed under %s', async (scheme) => {
    server = await startPlainServer((response) => response.end('OK'));

    const { code, stdout } = await runCli(['send', 'user.signup', '--url', server.url, '--scheme', scheme], {
      env,
    });

    const [request] = server.requests;
    expect(
      request && verifyWebhook({ rawBody: request.body, headers: request.headers, secret: SECRET }),
    ).toMatchObject({
      scheme,
    });
    expect(JSON.parse(request?.body ?? '')).toMatchObject({ type: 'user.signup', data: { user: {} } });
    expect(stdout).toMatch(/^✓ 200 OK {2}user\.signup evt_\d+, [\d.]+ ms\n$/);
    expect(code).toBe(0);
  });

  it('takes fields of the payload, and a payload from a file', async () => {
    server = await startPlainServer((response) => response.end('OK'));
    const url = ['--url', server.url];

    await runCli(
      [
        'send',
        'user.created',
        ...url,
        '--data',
        'email=ada@example.com',
        '--data',
        'a.b=5',
        '--data',
        'a.c="5"',
      ],
      { env },
    );
    await runCli(['send', 'user.created', ...url, '--file', fileWith('{"only":["this"]}')], { env });
    await runCli(['send', 'user.created', ...url, '--file', '-'], {
      env,
      input: '{"id":"evt_old","type":"user.created","data":{"of":"an event"}}',
    });

    const [fields, file, event] = server.requests.map(
      ({ body }) => JSON.parse(body) as { id: string; data: object },
    );
    expect(fields?.data).toMatchObject({ email: 'ada@example.com', a: { b: 5, c: '5' } });
    expect(file?.data).toEqual({ only: ['this'] });
    expect(event?.data).toEqual({ of: 'an event' });
    expect(event?.id).toBe('evt_old');
  });

  it('sends a whole event of a file as it is, byte for byte', async () => {
    server = await startPlainServer((response) => response.end('OK'));
    const text = '{ "id": "evt_old", "type": "user.created", "data": { "n": 1.0 }, "extra": 1 }\n';
    const file = fileWith(text);

    const named = await runCli(['send', 'user.created', '--file', file, '--url', server.url], { env });
    const unnamed = await runCli(['send', '--file', file, '--url', server.url, '--json'], { env });

    expect(server.requests.map(({ body }) => body)).toEqual([text, text]);
    expect(server.requests.map(({ headers }) => headers['webhook-id'])).toEqual(['msg_old', 'msg_old']);
    expect(named.stdout).toContain('user.created evt_old');
    expect(JSON.parse(unnamed.stdout)).toMatchObject({ type: 'user.created', id: 'evt_old' });
  });

  it('replaces the id and the type of a file only when it is asked to, and says so', async () => {
    server = await startPlainServer((response) => response.end('OK'));
    const file = ['--file', fileWith('{"id":"evt_old","type":"user.created","data":{"a":1}}')];
    const url = ['--url', server.url];

    await runCli(['send', 'user.created', ...file, ...url, '--id', 'evt_mine'], { env });
    await runCli(['send', 'user.created', ...file, ...url, '--id', 'new'], { env });
    const { stderr } = await runCli(['send', 'user.deleted', ...file, ...url], { env });
    await runCli(['send', 'user.created', ...url, '--id', 'evt_own'], { env });

    const sent = server.requests.map(
      ({ body }) => JSON.parse(body) as { id: string; type: string; data: object },
    );
    expect(sent.map(({ id }) => id)).toEqual([
      'evt_mine',
      expect.stringMatching(/^evt_\d+$/),
      'evt_old',
      'evt_own',
    ]);
    expect(sent[2]).toEqual({ id: 'evt_old', type: 'user.deleted', data: { a: 1 } });
    expect(stderr).toContain('the event of the file has the type user.created; it is sent as user.deleted');
  });

  it('gives the id of a file to the first of several events, and says so', async () => {
    server = await startPlainServer((response) => response.end('OK'));
    const file = fileWith('{"id":"evt_old","type":"user.created","data":{"a":1}}');

    const { stderr } = await runCli(
      ['send', 'user.created', '--file', file, '--url', server.url, '--count', '5', '--concurrency', '1'],
      { env },
    );

    const sent = server.requests.map(({ body }) => JSON.parse(body) as { id: string; data: object });
    expect(sent[0]?.id).toBe('evt_old');
    expect(new Set(sent.map(({ id }) => id)).size).toBe(5);
    expect(sent.map(({ data }) => data)).toEqual(Array(5).fill({ a: 1 }));
    expect(stderr).toContain('only the first event has the id evt_old');
  });

  it('says what is missing where neither a type nor an event is given', async () => {
    const nothing = await runCli(['send'], { env });
    const payload = await runCli(['send', '--file', '-'], { env, input: '{"a":1}' });

    for (const { code, stderr } of [nothing, payload]) {
      expect(stderr).toContain('Say which event to send');
      expect(code).toBe(2);
    }
  });

  it.each(['__proto__.x=1', 'no assignment', '=x', 'a..b=1'])('refuses --data %s', async (data) => {
    const { code, stderr } = await runCli(['send', 'user.created', '--data', data], { env });
    expect(stderr).toContain("It must be 'name=value'");
    expect(code).toBe(2);
  });

  it('takes no URL for the type of an event', async () => {
    const { code, stderr } = await runCli(['send', 'http://localhost:1/webhooks/scalekit'], { env });
    expect(stderr).toContain('give the URL with --url');
    expect(code).toBe(2);
  });

  it('says when a type is in no document, and which one was meant', async () => {
    server = await startPlainServer((response) => response.end('OK'));

    const { code, stderr } = await runCli(['send', 'user.creatd', '--url', server.url], { env });

    expect(stderr).toContain('Did you mean user.created');
    expect(code).toBe(0);
  });

  it('ends with exit code 1 when the delivery is refused', async () => {
    server = await startPlainServer((response) =>
      response.writeHead(401).end('{"message":"Invalid signature"}'),
    );

    const { code, stdout } = await runCli(['send', 'user.created', '--url', server.url], { env });

    expect(stdout).toContain('✗ 401 Invalid signature');
    expect(code).toBe(1);
  });

  it('ends with exit code 4 when nobody listens', async () => {
    const gone = await startPlainServer((response) => response.end());
    await gone.close();

    const one = await runCli(['send', 'user.created', '--url', gone.url, '--json'], { env });
    const many = await runCli(['send', 'user.created', '--url', gone.url, '--count', '100000', '--json'], {
      env,
    });

    expect(JSON.parse(one.stdout)).toMatchObject({ error: { code: 'unreachable', exitCode: 4 } });
    expect(one.code).toBe(4);
    expect((JSON.parse(many.stdout) as Summary).statuses).toEqual({
      ECONNREFUSED: expect.any(Number) as number,
    });
    expect(many.code).toBe(4);
  });
});

describe('send --count', () => {
  it('sends as many, a share of them twice, over few connections', async () => {
    const recorder = new Recorder();
    app = await WebhookApp.start({ providers: [{ provide: Recorder, useValue: recorder }] });
    const url = `${app.url}/webhooks/scalekit`;

    const { code, stdout } = await runCli(
      [
        'send',
        'user.created',
        '--url',
        url,
        '--count',
        '300',
        '--concurrency',
        '1',
        '--duplicates',
        '10',
        '--json',
      ],
      { env },
    );

    const summary = JSON.parse(stdout) as Summary;
    expect(summary).toMatchObject({ answered: 300, interrupted: false });
    expect(summary.statuses).toEqual({ '200 OK': 270, '200 Already processed': 30 });
    expect(code).toBe(0);
  });

  it('keeps connections open and never has more deliveries under way than it may', async () => {
    let [underWay, most] = [0, 0];
    server = await startPlainServer((response) => {
      most = Math.max(most, ++underWay);
      setImmediate(() => {
        underWay--;
        response.end('OK');
      });
    });

    await runCli(
      ['send', 'user.created', '--url', server.url, '--count', '200', '--concurrency', '4', '--json'],
      { env },
    );

    expect(server.seen.requests).toBe(200);
    expect(server.seen.connections).toBeLessThanOrEqual(4);
    expect(most).toBeLessThanOrEqual(4);
    const ids = new Set(server.requests.map(({ body }) => (JSON.parse(body) as { id: string }).id));
    expect(ids.size).toBe(200);
  });

  it('counts statuses and draws the latencies', async () => {
    let count = 0;
    server = await startPlainServer((response) => {
      response.writeHead(++count % 4 === 0 ? 503 : 200).end('OK');
    });

    const { code, stdout } = await runCli(['send', 'user.created', '--url', server.url, '--count', '100'], {
      env,
    });

    expect(stdout).toMatch(/^100 deliveries of user\.created to http/);
    expect(stdout).toMatch(/^ +75 {2}200 OK$/m);
    expect(stdout).toMatch(/^ +25 {2}503$/m);
    const rows = [...stdout.matchAll(/ ms {2}[█▏▎▍▌▋▊▉ ]+ +([\d,]+) +[\d.]+ %$/gm)].map(([, number]) =>
      Number(number),
    );
    expect(rows.reduce((sum, number) => sum + number, 0)).toBe(100);
    expect(stdout).toMatch(/p50 [\d.]+ ms {3}p90 [\d.]+ ms {3}p99 [\d.]+ ms {3}max [\d.]+ ms/);
    expect(stdout).not.toContain('\u001b');
    expect(code).toBe(1);
  });

  it('on Ctrl-C prints what was seen so far', async () => {
    let child: ((signal: NodeJS.Signals) => void) | undefined;
    let answered = 0;
    server = await startPlainServer((response) => {
      if (answered < 50) {
        answered++;
        response.end('OK');
      } else {
        child?.('SIGINT');
      }
    });

    const { code, stdout } = await runCli(
      ['send', 'user.created', '--url', server.url, '--count', '100000', '--concurrency', '1', '--json'],
      { env, onStart: (kill) => (child = kill) },
    );

    const summary = JSON.parse(stdout) as Summary;
    expect(summary).toMatchObject({ answered: 50, interrupted: true, statuses: { '200 OK': 50 } });
    expect(code).toBe(130);
  });
});

describe('events', () => {
  it('lists every type of the catalogue', async () => {
    const { code, stdout } = await runCli(['events']);
    expect(stdout.trim().split('\n')).toEqual([...SCALEKIT_EVENT_TYPES]);
    expect(code).toBe(0);
  });

  it('shows examples of the types that match', async () => {
    const { stdout } = await runCli(['events', 'session.*', '--json']);
    const examples = JSON.parse(stdout) as { type: string; example: { type: string; data: object } }[];
    expect(examples.map(({ type }) => type)).toEqual(['session.created', 'session.expired']);
    expect(examples.map(({ example }) => example.type)).toEqual(['session.created', 'session.expired']);
  });

  it('says which type was meant where none matches', async () => {
    const { code, stderr } = await runCli(['events', 'user.sinup']);
    expect(stderr).toContain('Did you mean user.signup');
    expect(code).toBe(2);
  });
});
