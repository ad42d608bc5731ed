import { mutate, type Mutation } from './mutation.js';

const TIMESTAMPED = 'schemes/timestamped.scheme.ts';

/** S6: how a timestamped signature is written, and what it covers. */
export const timestampedMutations: readonly Mutation[] = [
  mutate(TIMESTAMPED, 'white space is good', '/\\s/.test(header)', 'false'),
  mutate(TIMESTAMPED, 'only spaces are white space', '/\\s/.test(header)', "header.includes(' ')"),
  mutate(
    TIMESTAMPED,
    'the last of two times counts',
    "      if (timestamp !== undefined) {\n        throw malformed('holds more than one t=');\n      }\n",
    '',
  ),
  mutate(TIMESTAMPED, 'only lower-case hex is good', '/^v1=[0-9A-Fa-f]{64}$/', '/^v1=[0-9a-f]{64}$/'),
  mutate(TIMESTAMPED, 'hex of any length is good', '/^v1=[0-9A-Fa-f]{64}$/', '/^v1=[0-9A-Fa-f]{64,}$/'),
  mutate(
    TIMESTAMPED,
    'the end of a signature is not looked at',
    '/^v1=[0-9A-Fa-f]{64}$/',
    '/^v1=[0-9A-Fa-f]{64}/',
  ),
  mutate(
    TIMESTAMPED,
    'any version is good in timestamped',
    '/^v1=[0-9A-Fa-f]{64}$/',
    '/^v\\d=[0-9A-Fa-f]{64}$/',
  ),
  mutate(
    TIMESTAMPED,
    'a time without a signature gets as far as the secret',
    "throw malformed('holds no v1= of 64 hex digits');",
    '',
  ),
  mutate(TIMESTAMPED, 'the time is not signed', 'return `${timestamp}.`;', "return timestamp && '';"),

  mutate(
    TIMESTAMPED,
    'the first of two times counts',
    "      if (timestamp !== undefined) {\n        throw malformed('holds more than one t=');\n      }\n      timestamp = part",
    '      timestamp ??= part',
  ),
];
