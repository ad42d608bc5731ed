import { styleText } from 'node:util';
import { escapeInvisibleCharacters } from '../../shared/escape-control-characters.js';
import { Redaction } from './redaction.js';

/** What `styleText` writes. */
const STYLE_SEQUENCE = /(\u001b\[\d{1,2}m)/;

type Style = Parameters<typeof styleText>[0];

/**
 * All that the command says goes through here: lines for people, or with `--json` one document for programs; and
 * neither with a secret in it, not even one that a server sends back, nor with characters that a terminal obeys.
 */
export class Output {
  private readonly redaction = new Redaction();
  private readonly isColoured: boolean;

  constructor(
    readonly isJson: boolean,
    env = process.env,
  ) {
    // https://no-color.org
    this.isColoured = process.stdout.isTTY && !env.NO_COLOR && env.TERM !== 'dumb' && !isJson;
    for (const stream of [process.stdout, process.stderr]) {
      stream.on('error', ignoreClosedPipe);
    }
  }

  keepSecret(secret: string): void {
    this.redaction.add(secret);
  }

  paint(style: Style, text: string): string {
    return this.isColoured ? styleText(style, text) : text;
  }

  line(text = ''): void {
    if (!this.isJson) {
      process.stdout.write(`${this.clean(text)}\n`);
    }
  }

  /** What was asked for with `--help` or `--version`, whatever else was. */
  help(text: string): void {
    process.stdout.write(`${escapeInvisibleCharacters(text)}\n`);
  }

  /** With `--json`: the one document. */
  json(document: object): void {
    if (this.isJson) {
      const text = this.redaction.apply(JSON.stringify(document, null, 2));
      process.stdout.write(`${escapeInvisibleCharacters(text)}\n`);
    }
  }

  error(text: string): void {
    process.stderr.write(`${escapeInvisibleCharacters(this.redaction.apply(text))}\n`);
  }

  /** Of escape sequences only our own styles are left. */
  private clean(text: string): string {
    const parts = this.redaction.apply(text).split(STYLE_SEQUENCE);
    return parts
      .map((part, index) => (this.isColoured && index % 2 === 1 ? part : escapeInvisibleCharacters(part)))
      .join('');
  }
}

/** `… | head` closes our output when it has seen enough. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') {
    throw error;
  }
}
