import { execFile, execFileSync } from 'node:child_process';
import { closeSync, openSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { signWebhook } from '../../lib/index.js';
import { type PlainServer, startPlainServer } from '../support/plain-server.js';
import { CLI, runCli, useFolder } from '../support/run-cli.js';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const BODY = '{"id":"evt_1","type":"user.created","data":{}}';
const env = { SCALEKIT_WEBHOOK_SECRET: SECRET };
const HEADERS = Object.entries(signWebhook({ body: BODY, secret: SECRET })).flatMap(([name, value]) => [
  '--header',
  `${name}: ${value}`,
]);
const folder = useFolder();
let server: PlainServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

const file = folder.write;

/** Runs the command in a shell, and returns its exit code, output and greatest memory in MiB. */
function inShell(command: string): { code: number; output: string; memory: number } {
  const report = 'process.on("exit",()=>console.error("memory "+process.resourceUsage().maxRSS))';
  const output = execFileSync('sh', ['-c', `${command} 2>&1; echo "code $?"`], {
    encoding: 'utf8',
    env: {
      PATH: process.env.PATH,
      ...env,
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(report)}`,
    },
  });
  return {
    code: Number(/^code (\d+)$/m.exec(output)?.[1]),
    memory: Number(/^memory (\d+)$/m.exec(output)?.[1]) / 1024,
    output,
  };
}
const command = `"${process.execPath}" "${CLI}"`;

describe('a file', () => {
  it.each([
    ['that is a device without an end', '/dev/zero', 'is a device'],
    ['that is a random device', '/dev/urandom', 'is a device'],
    ['that is a directory', '/tmp', 'is a directory'],
    ['whose size is out of all reason', 'huge', 'larger than 16 MiB'],
    ['that can not be read', '/proc/self/mem', "can't be read"],
  ])('%s is refused before it fills the memory', (_what, path, message) => {
    const target = path === 'huge' ? join(folder.path, 'huge') : path;
    if (path === 'huge') {
      closeSync(openSync(target, 'w'));
      truncateSync(target, 20 * 1024 ** 3);
    }
    for (const [option, rest] of [
      ['verify --body', ''],
      ['sign --body', ''],
      ['send user.created --file', ''],
      ['verify --secret-file', '--body /dev/null'],
    ]) {
      const { code, output, memory } = inShell(`${command} ${option} '${target}' ${rest}`);
      expect(output).toContain(option?.includes('secret') ? message.replace('16 MiB', '64 KiB') : message);
      expect(code).toBe(2);
      expect(memory).toBeLessThan(150);
    }
  });

  it.each([
    ['standard input', `yes | ${command} verify --body -`],
    ['a device as standard input', `${command} verify --body - < /dev/zero`],
    ['a named pipe', `mkfifo "$F" && { yes > "$F" & } && ${command} verify --body "$F"`],
    ['standard input for the secret', `yes | ${command} verify --body /dev/null --secret-file -`],
  ])('without an end is read up to a limit: %s', (_what, line) => {
    const { code, output, memory } = inShell(`F='${join(folder.path, 'pipe')}'; ${line}`);
    expect(output).toMatch(/is larger than (16 MiB|64 KiB)/);
    expect(code).toBe(2);
    expect(memory).toBeLessThan(400);
  });

  it('that is a pipe with an end is read', () => {
    const path = file(BODY);
    const pipe = join(folder.path, 'pipe');
    const quoted = HEADERS.map((word) => `'${word}'`).join(' ');
    const { code, output } = inShell(
      `mkfifo '${pipe}' && { cat '${path}' > '${pipe}' & } && ${command} verify --body '${pipe}' ${quoted}`,
    );
    expect(output).toContain('It holds');
    expect(code).toBe(0);
  });

  it('of /proc, whose size is 0, is read, and the empty device is empty', async () => {
    const proc = await runCli(['sign', '--body', '/proc/version', '--json'], { env });
    const empty = await runCli(['verify', '--body', '/dev/null', ...HEADERS, '--json'], { env });

    expect((JSON.parse(proc.stdout) as { body: string }).body).toContain('Linux');
    expect(JSON.parse(empty.stdout)).toMatchObject({ cause: 'body_lost' });
  });
});

const utf16le = (text: string) => Buffer.from(text, 'utf16le');
const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16();
const UTF16: readonly [how: string, encode: (text: string) => Buffer][] = [
  ['little-endian with a byte order mark', (text) => utf16le(`\ufeff${text}`)],
  ['little-endian without one', utf16le],
  ['big-endian with a byte order mark', (text) => utf16be(`\ufeff${text}`)],
  ['big-endian without one', utf16be],
];

describe.each(UTF16)('UTF-16, %s,', (_how, encode) => {
  it.each([
    ['a body', ['verify', ...HEADERS, '--body']],
    ['a body to sign', ['sign', '--body']],
    ['a secret of verify', ['verify', '--body', '/dev/null', '--secret-file']],
    ['a secret of sign', ['sign', 'user.created', '--secret-file']],
    ['a secret of doctor', ['doctor', 'http://127.0.0.1:9/', '--secret-file']],
    ['an event to send', ['send', 'user.created', '--file']],
  ])('is refused as %s, with the remedy', async (_what, args) => {
    const { code, stderr } = await runCli([...args, file(encode(`${BODY}\r\n`))], { env });

    expect(stderr).toContain('is UTF-16');
    expect(stderr).toContain('PowerShell');
    expect(code).toBe(2);
  });
});

it('a file of one byte is UTF-8', async () => {
  const { code, stdout } = await runCli(['sign', '--body', file('1'), '--json'], { env });
  expect(JSON.parse(stdout)).toMatchObject({ body: '1' });
  expect(code).toBe(0);
});

/** A C1 control, a right-to-left override, a zero-width space, a tag letter, a line separator and half a character. */
const HOSTILE = 'a\u009b31m\u202eb\u200bc\u{e0041}d\u2028e\u001b]0;x\u0007\ud83d';
const INVISIBLE = /(?![\n\t ])[\p{C}\p{Zl}\p{Zp}]/u;

describe('text from outside', () => {
  it.each([['send', 'user.created', '--url'], ['doctor']])(
    'reaches the terminal without invisible characters: %s',
    async (...args) => {
      server = await startPlainServer((response) => {
        response.setHeader('retry-after', Buffer.from('\u009b1', 'utf8').toString('latin1'));
        response.writeHead(500).end(JSON.stringify({ message: HOSTILE }));
      });
      const text = await runCli([...args, server.url], { env });
      const json = await runCli([...args, server.url, '--json'], { env });

      for (const { stdout, stderr } of [text, json]) {
        expect(stdout + stderr).not.toMatch(INVISIBLE);
      }
      expect(JSON.stringify(JSON.parse(json.stdout))).toContain('31m');
    },
  );

  it('means the same in --json as it was', async () => {
    server = await startPlainServer((response) => response.end(HOSTILE));
    const { stdout } = await runCli(['send', 'user.created', '--url', server.url, '--json'], { env });

    expect((JSON.parse(stdout) as { body: string }).body).toBe(HOSTILE.replace('\ud83d', '\ufffd'));
  });

  it('is escaped in errors and in names of types', async () => {
    server = await startPlainServer((response) => response.end('OK'));
    const type = `user.\u202e\u009b31mdetaerc`;
    const runs = [
      await runCli(['send', type, '--url', server.url], { env }),
      await runCli(['events', `${type}*`]),
      await runCli(['verify', `--${type}`, '--body', '-'], { env }),
      await runCli(['verify', '--body', '-', '--header', `webhook-id: ${type}`], { env }),
    ];
    for (const { stdout, stderr } of runs) {
      expect(stdout + stderr).not.toMatch(INVISIBLE);
    }
  });

  it('is signed and sent by a curl line that shows none of it', async () => {
    server = await startPlainServer((response) => response.end('OK'));
    const body = `{"text":"${HOSTILE.replace('\ud83d', '')} 100% \\\\ 'é"}\n`;
    const { stdout } = await runCli(['sign', '--body', '-', '--url', server.url], { env, input: body });
    expect(stdout).not.toMatch(INVISIBLE);

    const { stdout: json } = await runCli(['sign', '--body', '-', '--url', server.url, '--json'], {
      env,
      input: body,
    });
    await promisify(execFile)('sh', ['-c', (JSON.parse(json) as { curl: string }).curl]);
    expect(server.requests[0]?.body).toBe(body);
  });
});
