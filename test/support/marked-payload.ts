const MARK = 'zqmark';
// Long enough not to turn up by chance among the digits of a duration or an id.
const NUMBER = 918_273_640_000;

/** The same payload with values that are found wherever they turn up. */
export function markedPayload(value: unknown, next: () => number): unknown {
  if (Array.isArray(value)) {
    return value.map((each) => markedPayload(each, next));
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, markedPayload(each, next)]));
  }
  switch (typeof value) {
    case 'string':
      return `${MARK}${next()}@example.com`;
    case 'number':
      return NUMBER + next();
    default:
      return value;
  }
}

/** Where a text has such values. */
export function marksIn(text: string): string[] {
  return Array.from(text.matchAll(/.{0,80}(?:zqmark\d|91827364\d{4}).{0,40}/g), ([leak]) => leak);
}

/** Text that quotes all of the payload, in each place of an error where text may be. */
export function quoting<E extends Error>(error: E, data: unknown): E {
  const quote = JSON.stringify(data);
  return Object.assign(error, { name: quote, code: quote, status: quote, cause: new Error(quote) });
}
