import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import { CatchUpError } from '../../catch-up/catch-up.errors.js';
import { EventList } from '../../catch-up/event-list.js';
import { Tally } from '../../catch-up/report.js';
import type { KeyState } from '../../idempotency/idempotency-store.extras.js';
import { eventKey, scopeOf } from '../../idempotency/ledger.js';
import { describeError } from '../../shared/describe-error.js';
import { CliError, EXIT_CODE, type ExitCode } from '../cli.error.js';
import { type ConnectedStore, connectToStore, loadEventsClient } from '../input/catch-up-sources.js';
import { jsonOption, momentOf, MOMENTS, type RunCommand } from './options.js';
import { readEnvironment } from '../input/secret.js';
import { formatCount, type Output, progressBar } from '../output/output.js';

const VARIABLES = ['SCALEKIT_ENVIRONMENT_URL', 'SCALEKIT_CLIENT_ID', 'SCALEKIT_CLIENT_SECRET'] as const;

interface CatchUpCommandOptions {
  readonly since: string;
  readonly dryRun?: boolean;
  readonly store?: string;
  readonly keys?: string;
  readonly endpoint: string;
  readonly namespace?: string;
  readonly type?: readonly string[];
  readonly envFile?: string;
}

export function addCatchUpCommand(program: Command, run: RunCommand): void {
  const command = program
    .command('catch-up')
    .summary("report which of Scalekit's events your application never handled")
    .description(
      "Lists the events by Scalekit's API, and looks each up in your application's store: received, or missed. Only a " +
        `report: the command has no handlers. Needs ${VARIABLES.join(', ')} and @scalekit-sdk/node 2.11.0 in your project.`,
    )
    .requiredOption('--since <time>', `how far back: ${MOMENTS}`)
    .option('--dry-run', 'only report; without it the command refuses')
    .option('--store <url>', 'redis:// or postgres:// of the store; without it, events are only counted')
    .option('--keys <name>', 'keyPrefix of the Redis store, or table of the PostgreSQL store, if you set one')
    .option('--endpoint <name>', 'the name given to forRoot', 'default')
    .option('--namespace <name>', 'the option namespace, if you set it')
    .option('--type <type...>', 'only these types; the log has also those that you never subscribed to')
    .option('--env-file <file>', 'read the variables from a file (default: .env, if it is there)')
    .addOption(jsonOption());
  command.action(run((output) => catchUp(command.opts<CatchUpCommandOptions>(), output)));
}

async function catchUp(options: CatchUpCommandOptions, output: Output): Promise<ExitCode> {
  const now = Math.floor(Date.now() / 1_000);
  const from = readSince(options.since, now);
  if (!options.dryRun) {
    throw new CliError(
      'bad_input',
      'The command has no handlers, so it only reports: add --dry-run. To hand on what was missed, call ' +
        'service.catchUp({ since }) in your application, where ScalekitWebhookService is injected.',
    );
  }
  const [url, id, secret] = await readVariables(options, output);
  // Its waits keep the process alive: nothing else does while the API is asked too often or does not answer.
  const clock = { now: Date.now, wait: (ms: number) => wait(ms) };
  const list = new EventList(loadEventsClient(url, id, secret), clock);
  const store = options.store === undefined ? undefined : connectToStore(options.store, options.keys, output);
  const scope = scopeOf(options.namespace, options.endpoint);
  const [missed, all] = [new Tally(), new Tally()];
  const signal = new AbortController().signal;
  process.once('SIGINT', () => {
    bar?.stop(); // Nothing is to be finished: the command only reads.
    process.exit(EXIT_CODE.interrupted);
  });
  const bar = output.isJson
    ? undefined
    : progressBar(now - from, (seconds) => `${iso(from + seconds)}  ${formatCount(all.total)} events`);
  try {
    for await (const { events, until } of list.windows({ from, to: now, types: options.type, signal })) {
      const keys = events.map(({ id }) => eventKey(scope, id));
      const states = store && (await look(store, keys));
      for (const [index, { type, organizationId, occurredAt }] of events.entries()) {
        const at = occurredAt ? Number(occurredAt.seconds) : from;
        all.add(type, organizationId, at);
        if (states && states[index] !== 'done') {
          missed.add(type, organizationId, at);
        }
      }
      bar?.update(until - from);
    }
  } catch (error) {
    throw error instanceof CatchUpError && error.code === 'events_unavailable'
      ? new CliError('unreachable', error.message)
      : error;
  } finally {
    bar?.stop();
    await store?.close();
  }
  tell({ from, to: now, calls: list.calls, all, missed: store && missed }, output);
  return missed.total > 0 ? EXIT_CODE.failed : EXIT_CODE.ok;
}

async function look(
  { catchUp: store }: ConnectedStore,
  keys: readonly string[],
): Promise<readonly KeyState[]> {
  try {
    return await store.look(keys);
  } catch (error) {
    const reason = describeError(error, {}, { stack: false });
    const isMigrated = !reason.includes('migrate()');
    throw new CliError(isMigrated ? 'unreachable' : 'bad_input', `The store can't be read. ${reason}`);
  }
}

interface Findings {
  readonly from: number;
  readonly to: number;
  readonly calls: number;
  readonly all: Tally;
  readonly missed: Tally | undefined;
}

function tell({ from, to, calls, all, missed }: Findings, output: Output): void {
  const [since, until] = [from, to].map(iso);
  output.json({
    from: since,
    to: until,
    calls,
    listed: all.result(),
    ...(missed && { received: all.total - missed.total, missed: missed.result() }),
  });
  output.line(`${since} to ${until}: ${formatCount(all.total)} events, ${formatCount(calls)} calls`);
  if (!missed) {
    output.line('Without --store nobody can tell which of them were received.');
    tellCounts('by type', all.result().byType, output);
    return;
  }
  output.line(`received ${formatCount(all.total - missed.total)}, missed ${formatCount(missed.total)}`);
  const { byType, byOrganization, byDay } = missed.result();
  tellCounts('by type', byType, output);
  tellCounts('by organization', byOrganization, output);
  tellCounts('by day', byDay, output);
  output.line(
    'Missed is what the store does not know as done: also what is older than idempotency.ttlSeconds, and types without a handler.',
  );
}

const iso = (seconds: number) => new Date(seconds * 1_000).toISOString();

function tellCounts(title: string, counts: Readonly<Record<string, number>>, output: Output): void {
  const rows = Object.entries(counts);
  if (rows.length > 0) {
    output.line(output.paint('bold', title));
    rows.forEach(([name, count]) => {
      output.line(`  ${name}  ${formatCount(count)}`);
    });
  }
}

/** Unix seconds. */
function readSince(text: string, now: number): number {
  const from = Math.floor(momentOf(text, now * 1_000) / 1_000);
  if (!Number.isSafeInteger(from) || from >= now || from < 0) {
    throw new CliError('bad_input', `--since must be a time in the past: ${MOMENTS}.`);
  }
  return from;
}

async function readVariables(
  options: CatchUpCommandOptions,
  output: Output,
): Promise<[string, string, string]> {
  const environment = await readEnvironment(options);
  const values = VARIABLES.map((name) => environment[name]);
  const missing = VARIABLES.filter((name) => !environment[name]);
  if (missing.length > 0) {
    throw new CliError(
      'bad_input',
      `Set ${missing.join(', ')} in the environment, in .env or in --env-file.`,
    );
  }
  output.keepSecret(values[2] ?? '');
  return values as [string, string, string];
}
