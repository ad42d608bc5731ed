import { type Command, Option } from 'commander';
import { WEBHOOK_SCHEMES } from '../signature/webhook-scheme.js';

export const schemeOption = () =>
  new Option('--scheme <name>', 'how deliveries are signed').choices(WEBHOOK_SCHEMES);

export const jsonOption = () => new Option('--json', 'print one JSON document instead of text');

export const yesOption = () => new Option('-y, --yes', "don't ask before sending to another machine");

/** From where a secret may come. On a command line others can read it, so that way is for secrets of tests. */
export function withSecretOptions(command: Command, { inline }: { readonly inline: boolean }): Command {
  command.option('--secret-file <file>', 'read the signing secret from a file (- for standard input)');
  return inline
    ? command.option('--secret <secret>', 'the signing secret, visible to others in ps and in your history')
    : command;
}
