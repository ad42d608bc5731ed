import { mutate, type Mutation } from './mutation.js';

const HEADERS = 'schemes/signature-headers.ts';
const VALUE = 'schemes/signature-headers.ts';

/** S1: which headers are there, and with what value. */
export const headerMutations: readonly Mutation[] = [
  mutate(
    HEADERS,
    'header names are compared by case',
    ' ?? NAMES_IN_LOWER_CASE.get(toLowerCaseAscii(anyCase))',
    '',
  ),
  mutate(
    HEADERS,
    'header names are compared by toLowerCase',
    '.get(toLowerCaseAscii(anyCase))',
    '.get(anyCase.toLowerCase())',
  ),
  mutate(
    HEADERS,
    'inherited headers count',
    ' && Object.prototype.hasOwnProperty.call(headers, anyCase)',
    '',
  ),
  mutate(
    HEADERS,
    'only lower-case first letters pass the filter',
    '(anyCase.charCodeAt(0) | LOWER_CASE_BIT)',
    'anyCase.charCodeAt(0)',
  ),
  mutate(
    HEADERS,
    'a Fetch Headers is read as a plain object',
    "typeof headers.entries === 'function'",
    "typeof headers.entries === 'string'",
  ),
  mutate(
    HEADERS,
    'svix-id overwrites webhook-id',
    'found[name] = addValue(found[name], headers[anyCase]);',
    "found[name.replace('svix-id', 'webhook-id')] = addValue(found[name], headers[anyCase]);",
  ),
  mutate(HEADERS, 'x-scalekit-signature is not known', "  'x-scalekit-signature',\n", ''),
  mutate(
    VALUE,
    'the last of several values wins',
    "return { firstValue: typeof current === 'string' ? current : current.firstValue };",
    'return value;',
  ),
  mutate(
    VALUE,
    'the first of several values wins',
    "return { firstValue: typeof current === 'string' ? current : current.firstValue };",
    'return current;',
  ),
  mutate(
    VALUE,
    'the first item of an array wins',
    "return value.length === 1 && typeof firstValue === 'string' ? firstValue : { firstValue };",
    "return typeof firstValue === 'string' ? firstValue : { firstValue };",
  ),
  mutate(
    VALUE,
    'values are trimmed',
    "  if (typeof value === 'string') {\n    return value;\n  }\n  if (value === undefined || value === null)",
    "  if (typeof value === 'string') {\n    return value.trim();\n  }\n  if (value === undefined || value === null)",
  ),
  mutate(
    VALUE,
    'a header that is no text counts as absent',
    '    return { firstValue: value };',
    '    return undefined;',
  ),
  mutate(
    VALUE,
    'an empty array is a header',
    '  if (value.length === 0) {\n    return undefined;\n  }\n',
    '',
  ),
  mutate(
    VALUE,
    'a repeated header is told by nothing',
    "typeof value === 'object' ? value.firstValue : value",
    'value',
  ),

  mutate(
    HEADERS,
    'a name that only begins like one of ours counts',
    '.get(toLowerCaseAscii(anyCase))',
    '.get(toLowerCaseAscii(anyCase).slice(0, 17))',
  ),
  mutate(
    HEADERS,
    'control characters count as capitals',
    'replace(/[A-Z]/g, (letter) => letter.toLowerCase())',
    'replace(/[A-Z\\r]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) | LOWER_CASE_BIT))',
  ),
  mutate(
    VALUE,
    'an empty header counts as absent',
    "  if (typeof value === 'string') {\n    return value;\n  }\n  if (value === undefined || value === null)",
    "  if (value === '') {\n    return undefined;\n  }\n  if (typeof value === 'string') {\n    return value;\n  }\n  if (value === undefined || value === null)",
  ),
];
