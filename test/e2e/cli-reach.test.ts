import { afterEach, describe, expect, it } from 'vitest';
import { REACH_CHECKS } from '../../lib/cli/doctor/reach.checks.js';
import { type PlainServer, startPlainServer } from '../support/plain-server.js';
import { runCli } from '../support/run-cli.js';
import { makeTlsFiles, type TlsFiles } from '../support/tls-files.js';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const env = { SCALEKIT_WEBHOOK_SECRET: SECRET };
let server: PlainServer | undefined;
let tls: TlsFiles | undefined;

afterEach(async () => {
  await server?.close();
  tls?.remove();
  [server, tls] = [undefined, undefined];
});

interface Report {
  readonly checks: readonly { name: string; status: string; detail: string; remedy?: string }[];
}

async function examine(url: string, more: Record<string, string> = {}) {
  const { code, stdout } = await runCli(['doctor', url, '--json'], { env: { ...env, ...more } });
  const { checks } = JSON.parse(stdout) as Report;
  return { code, checks, last: checks.at(-1) };
}

describe('doctor, before it can tell anything of the contract,', () => {
  it('ends with exit code 4 where nobody listens', async () => {
    const gone = await startPlainServer((response) => response.end());
    await gone.close();

    const { code, last } = await examine(gone.url);

    expect(last).toMatchObject({ name: 'reachable', status: 'failed' });
    expect(last?.detail).toContain('ECONNREFUSED');
    expect(code).toBe(4);
  });

  it('says that something takes the request and does not answer', async () => {
    const examination = { askUnsigned: () => Promise.resolve({ failure: 'timeout', status: 0 }) };
    const finding = await REACH_CHECKS[0]?.run(examination as never);
    expect(finding).toMatchObject({ status: 'failed', isUnreachable: true });
    expect(finding?.remedy).toMatch(/takes the request and does not answer/);
  });

  it('names a redirect and does not follow it', async () => {
    const target = await startPlainServer((response) => response.end('OK'));
    server = await startPlainServer((response) => response.writeHead(308, { location: target.url }).end());

    const { code, last } = await examine(server.url);
    await target.close();

    expect(last).toMatchObject({ name: 'redirects', status: 'failed', detail: `308 to ${target.url}` });
    expect(target.seen.requests).toBe(0);
    expect(server.seen.requests).toBe(1);
    expect(code).toBe(1);
  });

  it('says that no route is there', async () => {
    server = await startPlainServer((response) => response.writeHead(404).end());

    const { code, last } = await examine(server.url);

    expect(last).toMatchObject({ name: 'reachable', status: 'failed', detail: '404' });
    expect(last?.remedy).toContain('global prefix');
    expect(code).toBe(1);
  });

  it('names a certificate that senders refuse', async () => {
    tls = makeTlsFiles(30);
    server = await startPlainServer((response) => response.writeHead(401).end(), { tls });

    const { code, last } = await examine(server.url);

    expect(last).toMatchObject({ name: 'reachable', status: 'failed' });
    expect(last?.detail).toContain('the certificate is not trusted');
    expect(last?.remedy).toContain('public authority');
    expect(code).toBe(1);
  });

  it('tells the version of TLS, and warns of a certificate that ends soon', async () => {
    tls = makeTlsFiles(3);
    server = await startPlainServer((response) => response.writeHead(401).end(), { tls });

    const { checks } = await examine(server.url, { NODE_EXTRA_CA_CERTS: tls.certFile });

    const check = checks.find(({ name }) => name === 'tls');
    expect(check?.status).toBe('warned');
    expect(check?.detail).toMatch(/^TLSv1\.3, certificate valid until \d{4}-\d\d-\d\d$/);
  });

  it('says what answers before the webhook does', async () => {
    server = await startPlainServer((response) => response.writeHead(403).end('Forbidden'));

    const { checks } = await examine(server.url);

    expect(checks.find(({ name }) => name === 'unsigned')?.remedy).toContain('a global guard');
    expect(checks.find(({ name }) => name === 'good')?.remedy).toContain('a global guard');
  });

  it.each([502, 503, 504])(
    'says that nothing is behind the proxy that answers %i, and ends',
    async (status) => {
      server = await startPlainServer((response) => response.writeHead(status).end('<html>nginx</html>'));

      const { checks } = await examine(server.url);

      expect(checks).toHaveLength(1);
      expect(checks[0]).toMatchObject({ name: 'reachable', status: 'failed' });
      expect(checks[0]?.remedy).toMatch(/A proxy answers, and the application behind it does not/);
    },
  );

  it('prints what a server says without its control characters', async () => {
    server = await startPlainServer((response) =>
      response.writeHead(401).end('\u001b[2J\u001b]0;owned\u0007Invalid\r\n  signature'),
    );

    const { stdout } = await runCli(['doctor', server.url], { env });

    expect(stdout).toContain('401 [2J ]0;owned Invalid signature');

    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/);
  });
});

describe.each(['send', 'doctor'])('%s to another machine', (command) => {
  const args = (url: string) =>
    command === 'send' ? ['send', 'user.created', '--url', url] : ['doctor', url];

  it.each([
    'https://staging.example.invalid/hooks',
    'http://0.0.0.0:9/',
    'http://localhost.example.invalid/',
  ])('is refused without a terminal and without --yes: %s', async (url) => {
    const { code, stderr } = await runCli(args(url), { env });

    expect(stderr).toContain('say --yes');
    expect(code).toBe(5);
  });

  it('is not refused with --yes', async () => {
    const { code } = await runCli([...args('http://staging.example.invalid/hooks'), '--yes'], { env });

    expect(code).toBe(4);
  });

  it.each([
    'ftp://127.0.0.1/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    '127.0.0.1:3000',
    '/webhooks',
    '',
  ])('takes no URL but http and https: %s', async (url) => {
    const { code, stderr } = await runCli([...args(url), '--yes'], { env });

    expect(stderr).toContain('must be a whole http: or https: URL');
    expect(code).toBe(2);
  });

  it('takes no URL with a password, and does not show it', async () => {
    const { code, stdout, stderr } = await runCli([...args('https://me:hunter22@127.0.0.1/'), '--yes'], {
      env,
    });

    expect(stdout + stderr).not.toContain('hunter22');
    expect(code).toBe(2);
  });
});

describe('secrets', () => {
  const PLAIN = 'a plain old secret of a team';
  const leaks: readonly [string, readonly string[], Record<string, string>][] = [
    ['as a choice', ['send', 'user.created', '--scheme', PLAIN], {}],
    ['in a misspelt option', ['verify', `--secrt=${PLAIN}`, '--body', '-'], {}],
    ['as a command', [PLAIN], {}],
    ['as a URL', ['doctor', PLAIN], {}],
    ['as a file', ['verify', '--secret-file', PLAIN, '--body', '-'], {}],
    ['as a number', ['send', 'user.created', '--count', PLAIN], {}],
    ['that is useless', ['sign', 'user.created'], { SCALEKIT_WEBHOOK_SECRET: PLAIN }],
    [
      'that does not verify',
      ['verify', '--body', '-', '--secret', PLAIN, '--header', 'x-scalekit-signature: ab'],
      {},
    ],
  ];

  it.each(
    leaks.flatMap((leak) => [leak, [`${leak[0]}, with --json`, [...leak[1], '--json'], leak[2]] as const]),
  )('are not shown when one is given %s', async (_how, args, more) => {
    const { code, stdout, stderr } = await runCli(args, { env: more });

    expect(stdout + stderr).not.toContain(PLAIN);
    expect(stdout + stderr).not.toContain(PLAIN.slice(2, 20));
    expect(code).toBeGreaterThan(0);
  });

  it.each([[], ['--json']])('are not shown when a server sends them back %s', async (...json) => {
    server = await startPlainServer((response) => response.end(`${SECRET} ${SECRET.slice(6)} "${SECRET}"`));

    const send = await runCli(['send', 'user.created', '--url', server.url, ...json], { env });
    const doctor = await runCli(['doctor', server.url, ...json], { env });

    const output = [send, doctor].map(({ stdout, stderr }) => stdout + stderr).join('');
    expect(output).toContain('[secret]');
    expect(output).not.toContain(SECRET.slice(6));
  });

  it('come from a file, whose last line end is no part of them', async () => {
    server = await startPlainServer((response) => response.end('OK'));

    const { code } = await runCli(['send', 'user.created', '--url', server.url, '--secret-file', '-'], {
      input: `${SECRET}\n`,
    });

    expect(code).toBe(0);
  });

  it('are asked for where there is none', async () => {
    const { code, stderr } = await runCli(['send', 'user.created']);

    expect(stderr).toContain('set SCALEKIT_WEBHOOK_SECRET');
    expect(code).toBe(2);
  });
});
