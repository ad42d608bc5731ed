import { SingleBar } from 'cli-progress';
import { styleText } from 'node:util';
import { escapeInvisibleCharacters } from '../../shared/escape-control-characters.js';

type Style = Parameters<typeof styleText>[0];
/** The sequences that `styleText` writes. */
const STYLE_SEQUENCE = /(\u001b\[\d{1,2}m)/;

/**
 * Writes all output of the command: text for people or, with `--json`, one JSON document. It removes secrets, also those
 * that a server sends back, and characters that control a terminal.
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

  /** Writes what `--help` and `--version` ask for, also with `--json`. */
  help(text: string): void {
    process.stdout.write(`${this.clean(text)}\n`);
  }

  /** Writes the one document of `--json`, and nothing without it. */
  json(document: object): void {
    if (this.isJson) {
      process.stdout.write(`${this.clean(JSON.stringify(document, null, 2))}\n`);
    }
  }

  error(text: string): void {
    process.stderr.write(`${this.clean(text)}\n`);
  }

  /** Removes all escape sequences except our own styles. */
  private clean(text: string): string {
    const parts = this.redaction.apply(text).split(STYLE_SEQUENCE);
    return parts
      .map((part, index) => (this.isColoured && index % 2 === 1 ? part : escapeInvisibleCharacters(part)))
      .join('');
  }
}

const PLACEHOLDER = '[secret]';
/** Shorter texts occur in ordinary words, and are no secrets. */
const SHORTEST = 6;
/** Anything that looks like a secret, given or not: a mistyped option may hold it. */
const LOOKS_SECRET = /wh(?:sec|sk|pk)_[\w+/=-]{6,}/g;

/** Removes secrets from texts, in all encodings that a text may hold them in. */
export class Redaction {
  private readonly secrets: string[] = [];

  add(secret: string): void {
    const core = secret.trim().replace(/^["'`]+|["'`]+$/g, '');
    const forms = [secret, core, core.replace(/^(?:whsec_)+/, '')];
    const written = forms.flatMap((form) => [
      form,
      JSON.stringify(form).slice(1, -1),
      encodeURIComponent(form),
    ]);
    this.secrets.push(...written.filter((form) => form.length >= SHORTEST));
    this.secrets.sort((a, b) => b.length - a.length);
  }

  apply(text: string): string {
    return this.secrets
      .reduce((current, secret) => current.replaceAll(secret, PLACEHOLDER), text)
      .replace(LOOKS_SECRET, PLACEHOLDER);
  }
}

/** Milliseconds with three significant digits. */
export function formatMs(ms: number): string {
  return ms >= 100 ? String(Math.round(ms)) : String(Number(ms.toPrecision(3)));
}

export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** `… | head` closes the pipe early. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') {
    throw error;
  }
}

/**
 * Starts a progress bar. It shows nothing if standard error is not a terminal. The command stops it on Ctrl-C: the cursor
 * is hidden until then.
 *
 * @param describe the text after the bar, for the value and the seconds since the start
 */
export function progressBar(total: number, describe: (value: number, seconds: number) => string): SingleBar {
  const bar = new SingleBar({
    stream: process.stderr,
    format: ({ barsize = 40 }, { value, progress, startTime }) => {
      const done = Math.round(progress * barsize);
      const seconds = Math.max((Date.now() - startTime) / 1000, 0.001);
      return `  ${'█'.repeat(done)}${'░'.repeat(barsize - done)} ${describe(value, seconds)}`;
    },
    hideCursor: true,
    clearOnComplete: true,
  });
  bar.start(total, 0);
  return bar;
}
