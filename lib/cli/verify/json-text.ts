/** JSON, the text of its numbers and the order of its members kept: `JSON.parse` keeps neither. */
export type JsonText =
  | { readonly kind: 'object'; readonly members: readonly (readonly [name: string, value: JsonText])[] }
  | { readonly kind: 'array'; readonly items: readonly JsonText[] }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'literal'; readonly text: string };

export interface JsonStyle {
  /** Between the members: `,` and then this. With `indent`, a line break comes instead. */
  readonly afterComma?: string;
  readonly afterColon?: string;
  readonly indent?: string;
  readonly sortNames?: boolean;
  readonly quote: (text: string) => string;
}

const TOKEN = /\s*("(?:[^"\\]|\\.)*"|[^\s"{}[\],:]+|[{}[\],:])/gy;
const DEEPEST = 200;

/** Undefined where the text is no JSON, or nests deeper than any event. */
export function readJsonText(text: string): JsonText | undefined {
  try {
    JSON.parse(text);
    return new JsonReader(text).read(0);
  } catch {
    return undefined;
  }
}

/** For texts of which `JSON.parse` has said that they are JSON. */
class JsonReader {
  private readonly tokens: string[];
  private at = 0;

  constructor(text: string) {
    this.tokens = Array.from(text.matchAll(TOKEN), ([, token = '']) => token);
  }

  read(depth: number): JsonText {
    const token = this.next();
    if (depth > DEEPEST) {
      throw new RangeError('The JSON nests too deeply.');
    }
    switch (token[0]) {
      case '{':
        return { kind: 'object', members: this.list('}', () => this.member(depth)) };
      case '[':
        return { kind: 'array', items: this.list(']', () => this.read(depth + 1)) };
      case '"':
        return { kind: 'string', value: JSON.parse(token) as string };
      default:
        return { kind: 'literal', text: token };
    }
  }

  private member(depth: number): readonly [string, JsonText] {
    const name = JSON.parse(this.next()) as string;
    this.next();
    return [name, this.read(depth + 1)];
  }

  private list<T>(end: string, item: () => T): T[] {
    const items: T[] = [];
    while (this.tokens[this.at] !== end) {
      items.push(item());
      if (this.tokens[this.at] === ',') {
        this.at++;
      }
    }
    this.at++;
    return items;
  }

  private next(): string {
    return this.tokens[this.at++] ?? '';
  }
}

export function writeJsonText(json: JsonText, style: JsonStyle, margin = ''): string {
  switch (json.kind) {
    case 'literal':
      return json.text;
    case 'string':
      return style.quote(json.value);
    case 'array':
      return writeList(
        '[',
        json.items.map((item) => (inner) => writeJsonText(item, style, inner)),
        ']',
        style,
        margin,
      );
    case 'object': {
      const members = style.sortNames
        ? [...json.members].sort(([a], [b]) => (a < b ? -1 : Number(a > b)))
        : json.members;
      const colon = `:${style.afterColon ?? ''}`;
      return writeList(
        '{',
        members.map(
          ([name, value]) =>
            (inner) =>
              style.quote(name) + colon + writeJsonText(value, style, inner),
        ),
        '}',
        style,
        margin,
      );
    }
  }
}

function writeList(
  open: string,
  items: readonly ((margin: string) => string)[],
  close: string,
  { afterComma = '', indent }: JsonStyle,
  margin: string,
): string {
  if (indent === undefined || items.length === 0) {
    return open + items.map((write) => write(margin)).join(`,${afterComma}`) + close;
  }
  const inner = margin + indent;
  const lines = items.map((write) => inner + write(inner)).join(',\n');
  return `${open}\n${lines}\n${margin}${close}`;
}
