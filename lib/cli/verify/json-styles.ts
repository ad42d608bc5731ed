import type { JsonStyle } from './json-text.js';

export interface NamedStyle extends JsonStyle {
  readonly name: string;
}

type Quote = JsonStyle['quote'];

const unicodeEscape = (letter: string) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
const upperCaseEscape = (letter: string) =>
  `\\u${letter.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;

const plain: Quote = (text) => JSON.stringify(text);
const ascii: Quote = (text) => plain(text).replace(/[\u0080-\uffff]/g, unicodeEscape);
/** https://pkg.go.dev/encoding/json#HTMLEscape */
const html: Quote = (text) => plain(text).replace(/[<>&\u2028\u2029]/g, unicodeEscape);
const htmlAscii: Quote = (text) => ascii(text).replace(/[<>&]/g, unicodeEscape);
const php: Quote = (text) => ascii(text).replaceAll('/', '\\/');
const slashes: Quote = (text) => plain(text).replaceAll('/', '\\/');
/** https://learn.microsoft.com/dotnet/standard/serialization/system-text-json/character-encoding */
const dotnet: Quote = (text) =>
  plain(text)
    .replace(/\\"/g, '\\u0022')
    .replace(/[\u007f-\uffff<>&'+`]/g, upperCaseEscape);

const QUOTES: readonly (readonly [name: string, quote: Quote])[] = [
  ['', plain],
  ["<, > and & escaped as Go's encoder does", html],
  ['other letters than ASCII escaped as \\uXXXX', ascii],
  ['<, >, & and other letters than ASCII escaped', htmlAscii],
  ["slashes and other letters than ASCII escaped as PHP's json_encode does", php],
  ['slashes escaped', slashes],
  ["escaped as .NET's System.Text.Json does", dotnet],
];

const LAYOUTS: readonly (readonly [name: string, layout: Omit<JsonStyle, 'quote'>])[] = [
  ['compact, as JSON.stringify writes it', {}],
  ['with ", " and ": ", as Python\'s json.dumps writes it', { afterComma: ' ', afterColon: ' ' }],
  ['pretty-printed with 2 spaces', { indent: '  ', afterColon: ' ' }],
  ['pretty-printed with 4 spaces', { indent: '    ', afterColon: ' ' }],
  ['pretty-printed with tabs', { indent: '\t', afterColon: ' ' }],
];

/** How the writers of JSON that are in use write it, the likelier ones first. */
export const JSON_STYLES: readonly NamedStyle[] = [false, true].flatMap((sortNames) =>
  QUOTES.flatMap(([quoteName, quote]) =>
    LAYOUTS.map(([layoutName, layout]) => ({
      ...layout,
      quote,
      sortNames,
      name: [layoutName, quoteName, sortNames ? 'names sorted' : ''].filter((part) => part !== '').join(', '),
    })),
  ),
);
