import type { ServerResponse } from 'node:http';

/** What Express's response has beside Node's. */
export interface ExpressResponse extends ServerResponse {
  readonly app: { get(setting: string): unknown };
  send(body?: unknown): unknown;
}

type EtagOf = (body: Buffer) => string;

/** Far more texts than this package has answers: no sender can think of new ones. */
const MAX_TEXTS = 100;
/** Of a longer text Express makes bytes in any case. */
const MAX_LENGTH = 1_000;

/** With these settings of Express the tag is a function of the body alone. */
const BUILT_IN: readonly unknown[] = [true, 'weak', 'strong'];

/**
 * For its ETag Express makes bytes of a text and hashes them; and Node writes bytes apart from the headers, which takes
 * longer still. But a route with few answers has few tags: told the one of a text that it has sent before, Express
 * sends the text as it is.
 *
 * @returns what to call with each response before anything is sent
 */
export function rememberEtags(): (response: ExpressResponse) => void {
  const tags = new Map<string, string>();
  let tagsAreOf: unknown;

  function tagOf({ app }: ExpressResponse, text: string): string | undefined {
    const etagOf = app.get('etag fn');
    if (text.length >= MAX_LENGTH || typeof etagOf !== 'function' || !BUILT_IN.includes(app.get('etag'))) {
      return undefined;
    }
    if (etagOf !== tagsAreOf) {
      tags.clear();
      tagsAreOf = etagOf;
    }
    const known = tags.get(text);
    if (known !== undefined || tags.size === MAX_TEXTS) {
      return known;
    }
    const tag = (etagOf as EtagOf)(Buffer.from(text));
    tags.set(text, tag);
    return tag;
  }

  function send(this: ExpressResponse, body?: unknown): unknown {
    const tag = typeof body === 'string' && !this.hasHeader('ETag') ? tagOf(this, body) : undefined;
    if (tag !== undefined) {
      this.setHeader('ETag', tag);
    }
    return (Object.getPrototypeOf(this) as ExpressResponse).send.call(this, body);
  }

  return (response) => {
    // One that somebody has put there may send another body than it is given.
    if (!Object.hasOwn(response, 'send')) {
      response.send = send;
    }
  };
}
