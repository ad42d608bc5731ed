import { type Command, InvalidArgumentError } from 'commander';
import { InspectorClient, type InspectorQuery } from '../http/inspector-client.js';
import type { Output } from '../output/output.js';
import type { HeaderLines } from '../verify/received-headers.js';
import { momentOf, MOMENTS } from '../commands/options.js';
import { targetUrl } from './target-url.js';

const INSPECTOR_URL = 'http://localhost:3000/webhooks/inspector';

/** Which failures are meant: those that pass all that is given. */
export interface FailureFilter {
  readonly type?: string;
  readonly handler?: string;
  readonly organization?: string;
  readonly since?: string;
  readonly until?: string;
}

export interface InspectorOptions extends FailureFilter {
  readonly inspector?: string;
  readonly endpoint?: string;
  readonly header: HeaderLines;
  readonly envFile?: string;
}

export function withInspectorOptions(command: Command): Command {
  return command
    .option(
      '--inspector <url>',
      `the page of the inspector (default: ${INSPECTOR_URL}, with the PORT of the env file)`,
    )
    .option('--endpoint <name>', 'the name given to forRoot, where the application has several endpoints')
    .option('--type <type>', "a type, or a pattern such as 'user.*'")
    .option('--handler <name>', 'the name of the handler that failed')
    .option('--organization <id>', 'the organization of the event')
    .option('--since <time>', `failed at that time or later: ${MOMENTS}`, parseMoment)
    .option('--until <time>', 'failed before that time', parseMoment)
    .option('--env-file <file>', 'read PORT from a file (default: .env, if it is there)');
}

export function filterOf({ type, handler, organization, since, until }: FailureFilter): InspectorQuery {
  return { type, handler, organization, since, until };
}

export async function connectToInspector(
  options: InspectorOptions,
  output: Output,
): Promise<{ readonly url: URL; readonly client: InspectorClient }> {
  for (const [, value] of options.header) {
    output.keepSecret(value);
    output.keepSecret(value.slice(value.lastIndexOf(' ') + 1));
  }
  const url = await targetUrl(options.inspector, options, output, INSPECTOR_URL);
  return { url, client: new InspectorClient(url, options.header) };
}

/** ISO 8601, as the inspector takes it. */
function parseMoment(text: string): string {
  const time = new Date(momentOf(text));
  if (Number.isNaN(time.getTime())) {
    throw new InvalidArgumentError(`It must be a time: ${MOMENTS}.`);
  }
  return time.toISOString();
}
