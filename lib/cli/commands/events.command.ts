import type { Command } from 'commander';
import { compileEventPattern } from '../../events/scalekit-event-pattern.js';
import { nearestEventType } from '../../events/nearest-event-type.js';
import { SCALEKIT_EVENT_TYPES } from '../../events/scalekit-event-types.js';
import { scalekitEvent } from '../../testing/fixtures/scalekit-event.fixture.js';
import { CliError, EXIT_CODE, type ExitCode } from '../cli.error.js';
import type { Output } from '../output/output.js';
import { jsonOption, type RunCommand } from './options.js';

/** The examples are the same each time, so that they can be compared. */
const SEED = 'events';

export function addEventsCommand(program: Command, run: RunCommand): void {
  const command = program
    .command('events')
    .summary('list the event types; with a pattern, show examples')
    .description(
      "Lists the types of the catalogue. With a pattern ('user.*', '*'), shows an example of each that matches.",
    )
    .argument('[pattern]', 'a type, or a pattern in which * stands for anything')
    .addOption(jsonOption());
  command.action(run((output) => events(command.args[0], output)));
}

function events(pattern: string | undefined, output: Output): ExitCode {
  const matches = compileEventPattern(pattern ?? '*');
  const types = SCALEKIT_EVENT_TYPES.filter(matches);
  if (types.length === 0) {
    const near = nearestEventType(pattern?.slice(0, 100) ?? '', SCALEKIT_EVENT_TYPES);
    const hint = near === undefined ? ' Without a pattern, all types are listed.' : ` Did you mean ${near}?`;
    throw new CliError('bad_input', `No event type matches.${hint}`);
  }
  output.json(types.map((type) => ({ type, example: scalekitEvent(type, {}, { seed: SEED }) })));
  for (const type of types) {
    output.line(output.paint('bold', type));
    if (pattern !== undefined) {
      output.line(`${JSON.stringify(scalekitEvent(type, {}, { seed: SEED }), null, 2)}\n`);
    }
  }
  return EXIT_CODE.ok;
}
