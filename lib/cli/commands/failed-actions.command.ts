import type { Command } from 'commander';
import { CliError, EXIT_CODE, type ExitCode } from '../cli.error.js';
import type { InspectorClient, InspectorQuery } from '../http/inspector-client.js';
import { onOneLine } from '../http/answers.js';
import {
  connectToInspector,
  filterOf,
  type InspectorOptions,
  withInspectorOptions,
} from '../input/inspector.js';
import { confirm, confirmTarget } from '../input/target-url.js';
import type { Output } from '../output/output.js';
import { formatCount } from '../output/output.js';
import { headerOption, jsonOption, type RunCommand } from './options.js';

interface ActionOptions extends InspectorOptions {
  readonly all?: boolean;
  readonly yes?: boolean;
}

interface Action {
  readonly name: 'replay' | 'discard';
  readonly done: (count: number) => string;
  readonly nothing: string;
}

const REPLAY: Action = {
  name: 'replay',
  done: (count) => `${count} ${count === 1 ? 'handler' : 'handlers'} to run again`,
  nothing: 'nothing is kept of it, or it is being worked on',
};
const DISCARD: Action = {
  name: 'discard',
  done: (count) => `${count} ${count === 1 ? 'failure' : 'failures'} discarded`,
  nothing: 'nothing is kept of it',
};

export function addReplayCommand(program: Command, run: RunCommand): void {
  const command = program
    .command('replay')
    .summary('run the handlers again that gave up on an event')
    .description(
      "Has your application's inspector run an event's failed handlers again, or queue them: of one event by its id, or of " +
        'all events that a filter finds. With a filter it asks first.',
    )
    .option('--all', 'run the handlers that have finished again, too');
  addAction(command, run, REPLAY);
}

export function addDiscardCommand(program: Command, run: RunCommand): void {
  const command = program
    .command('discard')
    .summary("forget an event's failures")
    .description(
      "Has your application's inspector forget the failures of an event: of one event by its id, or of all events that " +
        'a filter finds. With a filter it asks first. The event stays done.',
    );
  addAction(command, run, DISCARD);
}

function addAction(command: Command, run: RunCommand, action: Action): void {
  withInspectorOptions(command.argument('[event-id]', 'the event; without one, those that a filter finds'))
    .option('-y, --yes', "don't ask, neither before many events nor before another machine")
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
