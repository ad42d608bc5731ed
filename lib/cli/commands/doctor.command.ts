import type { Command } from 'commander';
import { WEBHOOK_SCHEMES, type WebhookScheme } from '../../signature/webhook-scheme.js';
import type { CheckResult, CheckStatus } from '../doctor/check.js';
import { Examination } from '../doctor/examination.js';
import { examine, NEEDS_SECRET } from '../doctor/examine.js';
import { AT_ONCE, SENDER_TIMEOUT_MS } from '../doctor/delivery.checks.js';
import { EXIT_CODE, type ExitCode } from '../cli.error.js';
import { DeliveryClient } from '../http/delivery-client.js';
import { firstSecret, type SecretOptions } from '../input/secret.js';
import { confirmTarget, DEFAULT_URL, targetUrl } from '../input/target-url.js';
import type { Output } from '../output/output.js';
import {
  jsonOption,
  type RunCommand,
  schemeOption,
  wholeNumber,
  withSecretOptions,
  yesOption,
} from './options.js';

interface DoctorOptions extends SecretOptions {
  readonly scheme?: WebhookScheme;
  readonly environmentId?: string;
  readonly maxBodyBytes: number;
  readonly answerWithin: number;
  readonly yes?: boolean;
}

const MARKS = {
  passed: ['green', '✓'],
  warned: ['yellow', '!'],
  failed: ['red', '✗'],
  skipped: ['dim', '-'],
} as const satisfies Record<CheckStatus, readonly [string, string]>;

export function addDoctorCommand(program: Command, run: RunCommand): void {
  const command = program
    .command('doctor')
    .summary('test a live endpoint against the whole contract')
    .description(
      'Sends about 40 deliveries to an endpoint, forged and genuine ones, and reports what is wrong and how to fix it. ' +
        'Its events have the reserved type scalekit.webhooks.doctor and ids of their own, so no handler of yours gets ' +
        "them unless it listens to '*'. Without a secret it runs the checks that need none, and ends with exit code 3 if they pass.",
    )
    .argument('[url]', `the endpoint (default: ${DEFAULT_URL}, with the PORT of the env file)`)
    .addOption(schemeOption().default(undefined, 'the first that it accepts, standard before all'))
    .option('--environment-id <id>', 'for an endpoint that accepts events of one environment only')
    .option(
      '--max-body-bytes <bytes>',
      'the body limit that the endpoint has',
      wholeNumber(1, 64 * 1024 * 1024),
      1_048_576,
    )
    .option('--answer-within <ms>', 'how long an answer may take', wholeNumber(1, SENDER_TIMEOUT_MS), 2_000)
    .addOption(yesOption())
    .addOption(jsonOption());
  withSecretOptions(command, { inline: true }).action(
    run((output) => doctor(command.args[0], command.opts(), output)),
  );
}

async function doctor(target: string | undefined, options: DoctorOptions, output: Output): Promise<ExitCode> {
  const url = await targetUrl(target, options, output);
  const secret = await firstSecret(options, WEBHOOK_SCHEMES, output);
  await confirmTarget(url, 'about 40 test deliveries', options.yes ?? false);
  const client = new DeliveryClient(url, {
    userAgent: 'nestjs-scalekit-webhooks (doctor)',
    timeoutMs: SENDER_TIMEOUT_MS,
    connections: AT_ONCE,
    keepAlive: false,
  });
  const { scheme, environmentId, maxBodyBytes, answerWithin } = options;
  const examination = new Examination(client, {
    secret,
    scheme,
    environmentId,
    maxBodyBytes,
    answerWithinMs: answerWithin,
  });
  const results: CheckResult[] = [];
  output.line(`Examining ${url.href}\n`);
  for await (const result of examine(examination)) {
    results.push(result);
    if (result.status !== 'skipped') {
      print(result, output);
    }
  }
  client.close();
  return conclude(url, examination, results, output);
}

function print({ status, title, detail, remedy }: CheckResult, output: Output): void {
  const [style, mark] = MARKS[status];
  output.line(`${output.paint(style, mark)} ${title.padEnd(46)} ${output.paint('dim', detail)}`);
  if (remedy !== undefined) {
    output.line(`  ${output.paint('cyan', '→')} ${remedy}`);
  }
}

/** Prints the skipped checks at the end, one line a reason. */
function printSkipped(results: readonly CheckResult[], output: Output): void {
  const skipped = results.filter(({ status }) => status === 'skipped');
  for (const reason of new Set(skipped.map(({ detail }) => detail))) {
    const titles = skipped.filter(({ detail }) => detail === reason).map(({ title }) => title);
    output.line(output.paint('dim', `- not checked (${reason}): ${titles.join('; ')}`));
  }
}

function conclude(
  url: URL,
  { form }: Examination,
  results: readonly CheckResult[],
  output: Output,
): ExitCode {
  printSkipped(results, output);
  const counts = { passed: 0, warned: 0, failed: 0, skipped: 0 } satisfies Record<CheckStatus, number>;
  results.forEach(({ status }) => counts[status]++);
  const isFailed = counts.failed > 0;
  const isComplete = !results.some(({ detail }) => detail === NEEDS_SECRET);
  output.json({
    url: url.href,
    healthy: !isFailed && isComplete,
    complete: isComplete,
    scheme: form?.scheme,
    ...counts,
    checks: results,
  });
  const summary = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([status, count]) => `${count} ${status}`)
    .join(', ');
  if (isFailed) {
    output.line(`\n${output.paint('red', 'Something is off')}: ${summary}.`);
  } else if (isComplete) {
    output.line(`\n${output.paint('green', 'All is well')}: ${summary}.`);
  } else {
    output.line(`\n${output.paint('yellow', 'Only a part was checked')}: ${summary}.`);
    output.line(
      'Give the secret to check whether genuine deliveries are accepted, once each: SCALEKIT_WEBHOOK_SECRET, in .env or in the environment, or --secret-file.',
    );
  }
  if (results.some(({ isUnreachable }) => isUnreachable)) {
    return EXIT_CODE.unreachable;
  }
  if (isFailed) {
    return EXIT_CODE.failed;
  }
  return isComplete ? EXIT_CODE.ok : EXIT_CODE.unknown;
}
