import type { Command } from 'commander';
import { CliError, EXIT_CODE, type ExitCode } from '../cli.error.js';
import { onOneLine } from '../http/answers.js';
import type { InspectorClient, InspectorQuery, ListedFailure } from '../http/inspector-client.js';
import {
  connectToInspector,
  filterOf,
  type InspectorOptions,
  withInspectorOptions,
} from '../input/inspector.js';
import { confirm, confirmTarget } from '../input/target-url.js';
import { formatCount, type Output } from '../output/output.js';
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

interface ActionOptions extends InspectorOptions {
  readonly all?: boolean;
  readonly yes?: boolean;
}

const REPLAY = {
  name: 'replay',
  summary: 'run the failed handlers of an event again',
  description:
    'Runs the failed handlers of one event, given by its id, or of all events that match a filter, through the ' +
    'inspector of your application; with a queue, it queues them. With a filter it asks first.',
  done: (count: number) => `${count} ${count === 1 ? 'handler' : 'handlers'} to run again`,
  nothing: 'nothing is kept of it, or it is being worked on',
} as const;
const DISCARD = {
  name: 'discard',
  summary: "forget an event's failures",
  description:
    'Forgets the failures of one event, given by its id, or of all events that match a filter, through the ' +
    'inspector of your application. With a filter it asks first. The event stays done.',
  done: (count: number) => `${count} ${count === 1 ? 'failure' : 'failures'} discarded`,
  nothing: 'nothing is kept of it',
} as const;
type Action = typeof REPLAY | typeof DISCARD;

export function addReplayCommand(program: Command, run: RunCommand): void {
  addAction(program, run, REPLAY).option('--all', 'also run the handlers that have finished');
}

export function addDiscardCommand(program: Command, run: RunCommand): void {
  addAction(program, run, DISCARD);
}

function addAction(program: Command, run: RunCommand, action: Action): Command {
  const command = program
    .command(action.name)
    .summary(action.summary)
    .description(action.description)
    .argument('[event-id]', 'the event; without one, all events that match the filter');
  return withInspectorOptions(command)
    .option('-y, --yes', 'do not ask, neither before many events nor before another machine')
    .addOption(headerOption("a header for the inspector's guards"))
    .addOption(jsonOption())
    .action(run((output) => act(action, command.args[0], command.opts<ActionOptions>(), output)));
}

async function act(
  action: Action,
  id: string | undefined,
  options: ActionOptions,
  output: Output,
): Promise<ExitCode> {
  const { endpoint, all = false, yes = false } = options;
  const filter = filterOf(options);
  const isFiltered = Object.values(filter).some((value) => value !== undefined);
  if ((id !== undefined) === isFiltered) {
    throw new CliError(
      'bad_input',
      `Say what to ${action.name}: the id of an event, or a filter such as --type user.created or --since 2h.`,
    );
  }
  const { url, client } = await connectToInspector(options, output);
  await confirmTarget(url, `the order to ${action.name}`, yes);
  const ids = id === undefined ? await find(client, { endpoint, ...filter }, output) : [id];
  if (id === undefined && ids.length > 0 && !yes) {
    const events = ids.length === 1 ? '1 event' : `${formatCount(ids.length)} events`;
    await confirm(`${action.name} ${events}?`, `Say --yes to ${action.name} ${events}.`);
  }
  const results = await actOnEach(client, action, ids, { endpoint, ...(all && { all: 'true' }) });
  output.json({ inspector: url.href, endpoint, action: action.name, events: results });
  for (const { eventId, count = 0, error } of results) {
    const isDone = count > 0;
    const mark = isDone ? output.paint('green', '✓') : output.paint('red', '✗');
    output.line(
      `${mark} ${onOneLine(eventId, 300)}  ${error ?? (isDone ? action.done(count) : action.nothing)}`,
    );
  }
  if (ids.length === 0) {
    output.line('No failed events.');
  }
  return results.every(({ count = 0 }) => count > 0) ? EXIT_CODE.ok : EXIT_CODE.failed;
}

/** The ids of the events, each once, oldest failure first. Says on standard error what was found. */
async function find(client: InspectorClient, query: InspectorQuery, output: Output): Promise<string[]> {
  const ids = new Set<string>();
  const handlers = new Map<string, number>();
  for await (const { eventId, type, handler } of client.failed(query, Infinity)) {
    ids.add(eventId);
    const name = `${onOneLine(type, 100)}  ${onOneLine(handler, 100)}`;
    handlers.set(name, (handlers.get(name) ?? 0) + 1);
  }
  for (const [name, count] of handlers) {
    output.error(`  ${name}  ${formatCount(count)}`);
  }
  return [...ids];
}

interface ActionResult {
  readonly eventId: string;
  readonly count?: number;
  readonly error?: string;
}

/** One after the other. Ends where the inspector can't be reached any more; the first error of all is thrown. */
async function actOnEach(
  client: InspectorClient,
  { name }: Action,
  ids: readonly string[],
  query: InspectorQuery,
): Promise<readonly ActionResult[]> {
  const results: ActionResult[] = [];
  for (const eventId of ids) {
    try {
      results.push({ eventId, count: await client.act(name, { ...query, id: eventId }) });
    } catch (error) {
      if (!(error instanceof CliError) || results.length === 0) {
        throw error;
      }
      results.push({ eventId, error: error.message });
      if (error.code === 'unreachable') {
        break;
      }
    }
  }
  return results;
}
