import type { Command } from 'commander';
import { EXIT_CODE, type ExitCode } from '../cli.error.js';
import { onOneLine } from '../http/answers.js';
import type { ListedFailure } from '../http/inspector-client.js';
import {
  connectToInspector,
  filterOf,
  type InspectorOptions,
  withInspectorOptions,
} from '../input/inspector.js';
import type { Output } from '../output/output.js';
import { formatCount } from '../output/output.js';
import { headerOption, jsonOption, type RunCommand, wholeNumber } from './options.js';

interface FailedOptions extends InspectorOptions {
  readonly limit: number;
}

/** Of a text from outside. */
const LONGEST = 300;

export function addFailedCommand(program: Command, run: RunCommand): void {
  const command = program
    .command('failed')
    .summary('list the events that handlers gave up on')
    .description(
      "Lists the handlers that gave up on an event, oldest first, each with its reason. Asks your application's inspector " +
        '(ScalekitWebhookInspectorModule). With a filter, lists what passes all of it.',
    );
  withInspectorOptions(command)
    .option('--limit <n>', 'how many at most', wholeNumber(1, 1e6), 100)
    .addOption(headerOption("a header for the inspector's guards"))
    .addOption(jsonOption())
    .action(run((output) => failed(command.opts<FailedOptions>(), output)));
}

async function failed(options: FailedOptions, output: Output): Promise<ExitCode> {
  const { endpoint, limit } = options;
  const { url, client } = await connectToInspector(options, output);
  const events: ListedFailure[] = [];
  // One more than is shown tells whether more are kept.
  for await (const event of client.failed({ endpoint, ...filterOf(options) }, limit + 1)) {
    events.push(event);
  }
  const hasMore = events.length > limit;
  const shown = events.slice(0, limit);
  output.json({ inspector: url.href, endpoint, events: shown, hasMore });
  for (const event of shown) {
    print(event, output);
  }
  if (hasMore) {
    output.line(`The ${formatCount(limit)} oldest are shown: raise --limit for more.`);
  } else if (shown.length === 0) {
    output.line('No failed events.');
  }
  return EXIT_CODE.ok;
}

function print(failure: ListedFailure, output: Output): void {
  const { eventId, type, handler, organizationId, reason, attempts, failedAt } = failure;
  const organization = organizationId === undefined ? '' : `, ${organizationId}`;
  const times = attempts === 1 ? '1 attempt' : `${attempts} attempts`;
  const facts = onOneLine(`${failedAt}, ${times}${organization}`, LONGEST);
  const event = output.paint('bold', onOneLine(eventId, LONGEST));
  output.line(`${event}  ${onOneLine(type, LONGEST)}  ${facts}`);
  output.line(`  ${output.paint('red', '✗')} ${onOneLine(handler, LONGEST)}: ${onOneLine(reason, LONGEST)}`);
}
