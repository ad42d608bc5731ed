import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyWebhook } from '../../lib/index.js';
import { type PlainServer, startPlainServer } from '../support/plain-server.js';
import { runCli } from '../support/run-cli.js';
import { SECRET, WebhookApp } from '../support/webhook-app.js';

const OTHER = 'whsec_b3RoZXItc2VjcmV0LW9mLXRoaXJ0eS10d28tYnl0ZXM';
let folder = '';
let server: PlainServer;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cli-'));
  server = await startPlainServer((response) => response.end('OK'));
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

const portOf = (url: string) => new URL(url).port;
const write = (text: string | Uint8Array, name = '.env') => writeFileSync(join(folder, name), text);
const send = (args: string[], env: Record<string, string> = {}) =>
  runCli(['send', 'user.created', ...args], { cwd: folder, env });

function isSignedBy(secret: string): boolean {
  const request = server.requests.at(-1);
  try {
    verifyWebhook({ rawBody: request?.body ?? '', headers: request?.headers ?? {}, secret });
    return true;
  } catch {
    return false;
  }
}

describe('send', () => {
  it('needs no flag beside a .env: secret and port come from there, and it says so', async () => {
    write(`# of the app\nexport SCALEKIT_WEBHOOK_SECRET="${SECRET}" # quoted\nPORT=${portOf(server.url)}\n`);

    const { code, stdout, stderr } = await send([]);

    expect(isSignedBy(SECRET)).toBe(true);
    expect(stderr).toContain('Secret: SCALEKIT_WEBHOOK_SECRET in .env');
    expect(stderr).toContain(`URL: http://localhost:${portOf(server.url)}/webhooks/scalekit (PORT in .env)`);
    expect(stdout).toContain('✓ 200 OK');
    expect(code).toBe(0);
  });

  it('takes options first, then the environment, then the file, and names a secret that differs', async () => {
    write(`SCALEKIT_WEBHOOK_SECRET=${OTHER}\nPORT=1\n`);
    const url = ['--url', server.url];

    const option = await send([...url, '--secret', SECRET], { SCALEKIT_WEBHOOK_SECRET: OTHER });
    expect(isSignedBy(SECRET)).toBe(true);
    expect(option.stderr).toBe('');

    const variable = await send([], { SCALEKIT_WEBHOOK_SECRET: SECRET, PORT: portOf(server.url) });
    expect(variable.code).toBe(0);
    expect(isSignedBy(SECRET)).toBe(true);
    expect(variable.stderr).toContain('Secret: the environment variable SCALEKIT_WEBHOOK_SECRET');
    expect(variable.stderr).toContain('SCALEKIT_WEBHOOK_SECRET in .env is another, and not used');

    const file = await send(url);
    expect(file.code).toBe(0);
    expect(isSignedBy(OTHER)).toBe(true);
  });

  it('reads the file of --env-file in place of .env', async () => {
    write(`SCALEKIT_WEBHOOK_SECRET=${OTHER}\n`);
    write(`SCALEKIT_WEBHOOK_SECRET='${SECRET}'\nPORT=${portOf(server.url)}\n`, 'test.env');

    const { stderr } = await send(['--env-file', 'test.env']);
    const missing = await send(['--env-file', 'none.env']);

    expect(isSignedBy(SECRET)).toBe(true);
    expect(stderr).toContain('SCALEKIT_WEBHOOK_SECRET in test.env');
    // Node before 24 looks for the option itself, and ends the process.
    expect(missing.stderr).toMatch(/The file of --env-file can't be read \(ENOENT\)|none\.env: not found/);
    expect(missing.code).toBeGreaterThan(0);
  });

  it.each([
    ['your-secret-here', /placeholder/],
    ['whsec_your_secret_here', /placeholder/],
    ['${WEBHOOK_SECRET}', /placeholder/],
    ['', /is empty/],
  ])('says of the secret %j in .env why it can not be used', async (value, why) => {
    write(`SCALEKIT_WEBHOOK_SECRET=${value}\n`);

    const { code, stderr } = await send(['--url', server.url]);

    expect(stderr).toMatch(/^The secret of SCALEKIT_WEBHOOK_SECRET in \.env can't be used\./);
    expect(stderr).toMatch(why);
    expect(server.requests).toHaveLength(0);
    expect(code).toBe(2);
  });

  it('says that a .env is UTF-16, unless it is not needed', async () => {
    write(Buffer.from(`\ufeffSCALEKIT_WEBHOOK_SECRET=${SECRET}\r\n`, 'utf16le'));

    const needed = await send(['--url', server.url]);
    const notNeeded = await send(['--url', server.url, '--secret', SECRET]);

    expect(needed.stderr).toContain('.env is UTF-16');
    expect(needed.code).toBe(2);
    expect(notNeeded.code).toBe(0);
  });

  it('does without a .env that is a folder, and says where a secret belongs', async () => {
    mkdirSync(join(folder, '.env'));

    const { code, stderr } = await send(['--url', server.url]);

    expect(stderr).toContain(
      'There is no secret: set SCALEKIT_WEBHOOK_SECRET, in .env or in the environment',
    );
    expect(code).toBe(2);
  });

  it('does not show a secret of .env that a server sends back', async () => {
    await server.close();
    server = await startPlainServer((response) => response.end(SECRET));
    write(`SCALEKIT_WEBHOOK_SECRET=${SECRET}\nPORT=${portOf(server.url)}\n`);

    const { stdout } = await send(['--json']);

    expect(JSON.parse(stdout)).toMatchObject({ body: '[secret]' });
  });
});

describe('the other commands', () => {
  it('doctor examines the app of this folder without a flag', async () => {
    const app = await WebhookApp.start({});
    write(`SCALEKIT_WEBHOOK_SECRET=${SECRET}\nPORT=${portOf(app.url)}\n`);

    const { code, stdout } = await runCli(['doctor', '--answer-within', '10000'], { cwd: folder });
    await app.close();

    expect(stdout).toContain(`Examining http://localhost:${portOf(app.url)}/webhooks/scalekit`);
    expect(stdout).toContain('All is well');
    expect(code).toBe(0);
  });

  it('sign and verify take the secret of .env', async () => {
    write(`SCALEKIT_WEBHOOK_SECRET=${SECRET}\n`);
    const signed = await runCli(['sign', 'user.created', '--json'], { cwd: folder });
    const { headers, body } = JSON.parse(signed.stdout) as { headers: Record<string, string>; body: string };
    const lines = Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}: ${value}`]);

    const verified = await runCli(['verify', '--body', '-', ...lines], { cwd: folder, input: body });
    const wrong = await runCli(['verify', '--body', '-', ...lines, '--secret', OTHER], {
      cwd: folder,
      input: body,
    });

    expect(verified.stdout).toContain('It holds');
    expect(wrong.stdout).toContain(
      'signed with that of SCALEKIT_WEBHOOK_SECRET in .env, not with that of --secret',
    );
  });
});
