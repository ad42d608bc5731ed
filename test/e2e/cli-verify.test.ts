import { execFile, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { signWebhook, verifyWebhook, WEBHOOK_SCHEMES } from '../../lib/index.js';
import { type PlainServer, startPlainServer } from '../support/plain-server.js';
import { CLI, runCli, useFolder } from '../support/run-cli.js';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const OTHER = 'whsec_b3RoZXItc2VjcmV0LW9mLXRoaXJ0eS10d28tYnl0ZXM';
const BODY = '{"id": "evt_1", "type": "user.created", "data": {"name": "it\'s $HOME `id` \\"é\\""}}\n';
const env = { SCALEKIT_WEBHOOK_SECRET: SECRET };
const folder = useFolder();
let server: PlainServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

const file = folder.write;

const headersOf = (headers: Record<string, string>) =>
  Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}: ${value}`]);

describe('verify', () => {
  it.each(WEBHOOK_SCHEMES)(
    'says that a delivery under %s holds, and ends with exit code 0',
    async (scheme) => {
      const headers = signWebhook({ body: BODY, secret: SECRET, scheme });

      const { code, stdout } = await runCli(['verify', '--body', file(BODY), ...headersOf(headers)], { env });

      expect(stdout).toMatch(new RegExp(`^✓ It holds: scheme ${scheme}`));
      expect(code).toBe(0);
    },
  );

  it('names the cause and the remedy, and ends with exit code 1', async () => {
    const headers = signWebhook({ body: BODY, secret: SECRET });
    const body = JSON.stringify(JSON.parse(BODY));

    const { code, stdout } = await runCli(['verify', '--body', '-', ...headersOf(headers)], {
      env,
      input: body,
    });

    expect(stdout).toMatch(/^✗ It does not hold\.\n\n {2}body_reserialised\n {4}The body was parsed/);
    expect(stdout).toContain('→ Verify the bytes as they came in');
    expect(code).toBe(1);
  });

  it('does not know why when nothing explains it, and ends with exit code 3', async () => {
    const headers = signWebhook({ body: BODY, secret: OTHER });

    const { code, stdout } = await runCli(['verify', '--body', file(BODY), ...headersOf(headers), '--json'], {
      env,
    });

    expect(JSON.parse(stdout)).toMatchObject({ holds: false, cause: 'unknown' });
    expect(code).toBe(3);
  });

  it('mentions JSON.stringify only where it may explain something', async () => {
    const body = JSON.stringify(JSON.parse(BODY));
    const check = (headers: Record<string, string>, more: string[] = []) =>
      runCli(['verify', '--body', '-', ...headersOf(headers), ...more], { env, input: body });

    const good = await check(signWebhook({ body, secret: SECRET }));
    const old = await check(signWebhook({ body, secret: SECRET, timestamp: new Date(0) }));
    const quoted = await check(signWebhook({ body, secret: SECRET }), ['--secret', `"${SECRET}"`]);
    const unknown = await check(signWebhook({ body, secret: OTHER }));

    for (const { stdout } of [good, old, quoted]) {
      expect(stdout).not.toContain('JSON.stringify');
    }
    expect(unknown.stdout).toContain('just as JSON.stringify writes it');
  });

  it('tries every secret that it is given', async () => {
    const headers = signWebhook({ body: BODY, secret: OTHER });
    const secrets = [
      '--secret-file',
      file(OTHER, 'secret'),
      '--secret',
      'whsec_dGhpcmQtc2VjcmV0LW9mLXRoZS10ZXN0cw',
    ];

    const { stdout } = await runCli(['verify', '--body', file(BODY), ...headersOf(headers), ...secrets], {
      env,
    });

    expect(stdout).toContain('signed with that of --secret-file, not with that of --secret.');
  });

  it('judges a kept delivery by the time at which it came', async () => {
    const headers = signWebhook({ body: BODY, secret: SECRET, timestamp: new Date('2026-01-01T00:00:00Z') });
    const args = ['verify', '--body', file(BODY), ...headersOf(headers)];

    const now = await runCli([...args, '--json'], { env });
    const then = await runCli([...args, '--at', '2026-01-01T00:00:10Z'], { env });

    expect(JSON.parse(now.stdout)).toMatchObject({ cause: 'clock_skew' });
    expect(now.code).toBe(1);
    expect(then.code).toBe(0);
  });

  it.each([
    ['no body', []],
    ['a body that is not there', ['--body', '/does/not/exist']],
    ['a header without a colon', ['--body', '-', '--header', 'webhook-id']],
    ['a scheme that is none', ['--body', '-', '--scheme', 'rot13']],
    ['a time that is none', ['--body', '-', '--at', 'yesterday']],
  ])('ends with exit code 2 for %s, with --json, too', async (_what, args) => {
    const text = await runCli(['verify', ...args], { env });
    const json = await runCli(['verify', ...args, '--json'], { env });

    expect(text.code).toBe(2);
    expect(text.stderr).not.toBe('');
    expect(json.code).toBe(2);
    expect(JSON.parse(json.stdout)).toMatchObject({ error: { code: 'bad_input', exitCode: 2 } });
  });
});

describe('sign', () => {
  it.each(WEBHOOK_SCHEMES)(
    'prints a curl line that a shell sends under %s as it was signed',
    async (scheme) => {
      server = await startPlainServer((response) => response.end('OK'));

      for (const what of [['--body', file(BODY)], ['user.created']]) {
        const { code, stdout } = await runCli(
          ['sign', ...what, '--url', server.url, '--scheme', scheme, '--json'],
          { env },
        );
        const { curl } = JSON.parse(stdout) as { curl: string };
        await sh(curl);
        expect(code).toBe(0);
      }

      const [first, second] = server.requests;
      expect(first?.body).toBe(BODY);
      expect(JSON.parse(second?.body ?? '')).toMatchObject({ type: 'user.created' });
      for (const { body, headers } of server.requests) {
        expect(verifyWebhook({ rawBody: body, headers, secret: SECRET }).scheme).toBe(scheme);
      }
    },
  );

  it('quotes a body from standard input for the shell', async () => {
    server = await startPlainServer((response) => response.end('OK'));

    const { stdout } = await runCli(['sign', '--body', '-', '--url', server.url], { env, input: BODY });
    await sh(stdout.slice(stdout.indexOf('curl ')).replace(/\n$/, ''));

    expect(server.requests[0]?.body).toBe(BODY);
  });

  it('does not put bytes that are no UTF-8 on a command line', async () => {
    const { code, stderr } = await runCli(['sign', '--body', '-'], { env, input: Buffer.from([0x7b, 0xff]) });
    expect(stderr).toContain('no UTF-8');
    expect(code).toBe(2);
  });

  it.each([[[]], [['user.created', '--body', '-']]])('wants either a type or a body: %j', async (args) => {
    const { code, stderr } = await runCli(['sign', ...args], { env });
    expect(stderr).toContain('Say what to sign');
    expect(code).toBe(2);
  });
});

describe('the command', () => {
  it('documents its exit codes in --help and on the page of the docs alike', async () => {
    const { code, stdout } = await runCli(['--help']);
    const page = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
    const inHelp = [...stdout.matchAll(/^ {2}(\d+) +\S/gm)].map(([, number]) => number);
    const onPage = [...page.matchAll(/^\| `(\d+)` +\|/gm)].map(([, number]) => number);

    expect(inHelp).toEqual(['0', '1', '2', '3', '4', '5', '130']);
    expect(onPage).toEqual(inHelp);
    expect(code).toBe(0);
  });

  it('loads nothing but itself and Node', () => {
    const imports = [...readFileSync(CLI, 'utf8').matchAll(/^import .* from "([^"]+)";$/gm)].map(
      ([, name]) => name,
    );
    expect(imports.filter((name) => !name?.startsWith('node:'))).toEqual([]);
    expect(imports.length).toBeGreaterThan(0);
  });

  it('keeps quiet when its reader goes away', () => {
    const output = execFileSync(
      'sh',
      ['-c', `"${process.execPath}" "${CLI}" events '*' | head -n 1; echo done`],
      {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    expect(output).toBe('organization.created\ndone\n');
  });
});

/** The server runs in this process, so it must not be blocked. */
async function sh(command: string): Promise<void> {
  await promisify(execFile)('sh', ['-c', command]);
}
