import { setMaxListeners } from 'node:events';
import { type Command, Option } from 'commander';
import { signedDelivery } from '../../testing/deliveries/signed-delivery.presets.js';
import { messageIdOf, type SignedDelivery } from '../../testing/deliveries/signed-delivery.js';
import type { WebhookScheme } from '../../signature/webhook-scheme.js';
import { nearestEventType } from '../../events/nearest-event-type.js';
import { SCALEKIT_EVENT_TYPES } from '../../events/scalekit-event-types.js';
import { CliError, EXIT_CODE, type ExitCode } from '../cli.error.js';
import { describeAnswer, explainFailure, isAccepted } from '../http/answers.js';
import { DeliveryClient } from '../http/delivery-client.js';
import { addField, type EventFile, type Fields, readEventFile } from '../input/event-file.js';
import { requireSecret, type SecretOptions } from '../input/secret.js';
import { confirmTarget, DEFAULT_URL, targetUrl } from '../input/target-url.js';
import { formatCount, formatMs, type Output, progressBar } from '../output/output.js';
import { DeliverySource, eventMaker, type EventPlan, sendMany } from '../send/send-many.js';
import { reportStatistics, SendStatistics } from '../send/send-statistics.js';
import {
  jsonOption,
  type RunCommand,
  schemeOption,
  wholeNumber,
  withSecretOptions,
  yesOption,
} from './options.js';

interface SendOptions extends SecretOptions {
  readonly url?: string;
  readonly scheme: WebhookScheme;
  readonly data: Fields;
  readonly file?: string;
  readonly id?: string;
  readonly count: number;
  readonly concurrency: number;
  readonly duplicates: number;
  readonly yes?: boolean;
}

const TIMEOUT_MS = 30_000;

export function addSendCommand(program: Command, run: RunCommand): void {
  const command = program
    .command('send')
    .summary('send signed events, one or many')
    .description(
      'Signs an event of the catalogue and posts it. With --count it sends many, shows a progress bar, and draws the ' +
        'latencies. Ctrl-C stops early and prints the results so far.',
    )
    .argument(
      '[type]',
      'the type of the event, such as user.created (see: events); without one, that of the file',
    )
    .option('--url <url>', `the endpoint (default: ${DEFAULT_URL}, with the PORT of the env file)`)
    .addOption(schemeOption().default('standard'))
    .option(
      '--data <name=value>',
      'a field of its payload (outer.inner=value; JSON or text), repeated for each',
      addField,
      {},
    )
    .addOption(
      new Option(
        '--file <file>',
        'a whole event as JSON, sent as it is, or a payload (- for standard input)',
      ).conflicts('data'),
    )
    .option('--id <id>', 'the id of the (first) event; "new" replaces the id of the file by a new one')
    .option('--count <n>', 'how many deliveries', wholeNumber(1, 1e9), 1)
    .option('--concurrency <n>', 'how many at a time', wholeNumber(1, 1_000), 10)
    .option('--duplicates <percent>', 'the percentage that repeats an earlier event', wholeNumber(0, 100), 0)
    .addOption(yesOption())
    .addOption(jsonOption());
  withSecretOptions(command, { inline: true }).action(
    run((output) => send(command.args[0], command.opts(), output)),
  );
}

async function send(wantedType: string | undefined, options: SendOptions, output: Output): Promise<ExitCode> {
  const { count, concurrency, duplicates } = options;
  if (wantedType?.includes('://')) {
    throw new CliError('bad_input', 'The argument is the type of the event: give the URL with --url.');
  }
  const url = await targetUrl(options.url, options, output);
  const secret = await requireSecret(options, [options.scheme], output);
  const file = options.file === undefined ? undefined : await readEventFile(options.file);
  const type = wantedType ?? (file?.isEvent ? String(file.value.type) : undefined);
  if (type === undefined) {
    throw new CliError('bad_input', 'Say which event to send: its type, or --file with a whole event.');
  }
  notes(type, file, options).forEach((note) => output.error(`Note: ${note}`));
  const create = deliveryMaker({ ...options, type, file, secret, id: options.id });
  const first = create(); // Made before the question, so that errors come first.
  const queued = [first];
  await confirmTarget(
    url,
    count === 1 ? 'a signed delivery' : `${count} signed deliveries`,
    options.yes ?? false,
  );

  const interruption = new AbortController();
  setMaxListeners(0, interruption.signal); // Each running delivery listens to it.
  process.once('SIGINT', () => interruption.abort());
  const client = new DeliveryClient(url, {
    userAgent: 'nestjs-scalekit-webhooks (send)',
    timeoutMs: TIMEOUT_MS,
    connections: concurrency,
    keepAlive: true,
    signal: interruption.signal,
  });
  try {
    if (count === 1) {
      return await sendOne(client, type, first, output);
    }
    const statistics = new SendStatistics(duplicates > 0);
    const bar = output.isJson
      ? undefined
      : progressBar(count, (sent, seconds) => {
          return `${formatCount(sent)} / ${formatCount(count)}  ${formatCount(Math.round(sent / seconds))}/s`;
        });
    await sendMany(client, new DeliverySource(() => queued.pop() ?? create(), duplicates), {
      count,
      concurrency,
      signal: interruption.signal,
      onAnswer(answer) {
        statistics.add(answer);
        bar?.increment();
      },
    });
    statistics.end();
    bar?.stop();
    return reportStatistics(
      statistics,
      { url, type, count, isInterrupted: interruption.signal.aborted },
      output,
    );
  } finally {
    client.close();
  }
}

/** Warns about an unknown type, and about a type or an id that is replaced. */
function notes(type: string, file: EventFile | undefined, { id, count }: SendOptions): string[] {
  const found: string[] = [];
  if (!SCALEKIT_EVENT_TYPES.some((each) => each === type)) {
    const near = nearestEventType(type.slice(0, 100), SCALEKIT_EVENT_TYPES);
    const payload = file ? '' : '; its payload is empty but for --data';
    const hint = near === undefined ? '' : ` Did you mean ${near}?`;
    found.push(`${type.slice(0, 100)} is in none of Scalekit's documents${payload}.${hint}`);
  }
  if (file?.isEvent && file.value.type !== type) {
    found.push(`the event of the file has the type ${String(file.value.type)}; it is sent as ${type}.`);
  }
  const firstId = id ?? (file?.isEvent ? file.value.id : undefined);
  if (count > 1 && typeof firstId === 'string' && firstId !== 'new') {
    found.push(
      `only the first event has the id ${firstId}; the others get new ids, because each id is handled once.`,
    );
  }
  return found;
}

function deliveryMaker({
  secret,
  scheme,
  ...plan
}: EventPlan & { readonly secret: string; readonly scheme: WebhookScheme }): () => SignedDelivery {
  const nextEvent = eventMaker(plan);
  return () => {
    const event = nextEvent();
    const id = messageIdOf(typeof event === 'string' ? (plan.file?.value ?? {}) : event);
    return signedDelivery(event, { secret, scheme, id });
  };
}

async function sendOne(
  client: DeliveryClient,
  type: string,
  delivery: SignedDelivery,
  output: Output,
): Promise<ExitCode> {
  const answer = await client.post(delivery);
  if (answer.failure !== undefined) {
    if (answer.failure === 'aborted') {
      return EXIT_CODE.interrupted;
    }
    throw new CliError(
      'unreachable',
      `No answer from ${client.url.href}. ${explainFailure(answer.failure)}.`,
    );
  }
  const { id } = JSON.parse(delivery.body) as { id: string };
  const { status, body, ms, headers } = answer;
  output.json({ url: client.url.href, type, id, status, body, ms, retryAfter: headers['retry-after'] });
  const mark = isAccepted(answer) ? output.paint('green', '✓') : output.paint('red', '✗');
  output.line(
    `${mark} ${describeAnswer(answer)}  ${output.paint('dim', `${type} ${id}, ${formatMs(ms)} ms`)}`,
  );
  return isAccepted(answer) ? EXIT_CODE.ok : EXIT_CODE.failed;
}
