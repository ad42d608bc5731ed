import { afterEach, describe, expect, it } from 'vitest';
import { type PlainServer, startPlainServer } from '../support/plain-server.js';
import { runCli } from '../support/run-cli.js';
import { runOnTerminal } from '../support/run-on-terminal.js';

const env = { SCALEKIT_WEBHOOK_SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' };
const COLOUR = '\u001b[3';
let server: PlainServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

describe('on a terminal', () => {
  const elsewhere = ['doctor', 'http://staging.example.invalid/hooks'];

  it.each([
    ['y', 4],
    ['yes', 4],
    ['n', 5],
    ['', 5],
    ['yeah', 5],
  ])('the answer "%s" to whether to send to another machine ends with exit code %i', async (answer, code) => {
    const result = await runOnTerminal(elsewhere, { env, answer });

    expect(result.stdout).toContain(
      'Send about 40 test deliveries to http://staging.example.invalid/hooks? [y/N]',
    );
    expect(result.code).toBe(code);
  });

  it('there are colours, and with NO_COLOR none', async () => {
    server = await startPlainServer((response) => response.end('OK'));
    const args = ['send', 'user.created', '--url', server.url];

    const coloured = await runOnTerminal(args, { env });
    const plain = await runOnTerminal(args, { env: { ...env, NO_COLOR: '1' } });
    const piped = await runCli(args, { env });

    expect(coloured.stdout).toContain(COLOUR);
    expect(plain.stdout).not.toContain(COLOUR);
    expect(piped.stdout).not.toContain(COLOUR);
  });

  it('a progress bar runs to the end, and gives the cursor back', async () => {
    server = await startPlainServer((response) => response.end('OK'));

    const { stdout } = await runOnTerminal(['send', 'user.created', '--url', server.url, '--count', '2000'], {
      env,
    });

    expect(stdout).toMatch(/[█░]{40} [\d,]+ \/ 2,000 {2}[\d,]+\/s/);
    expect(stdout).toContain('2,000 deliveries of user.created');
    expect(stdout.lastIndexOf('\u001b[?25h')).toBeGreaterThan(stdout.lastIndexOf('\u001b[?25l'));
  });
});
