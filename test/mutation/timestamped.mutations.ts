import { mutate, type Mutation } from './mutation.js';

const SCHEME = 'webhook-scheme.ts';
const TIMESTAMPED = 'schemes/timestamped.scheme.ts';

/** S6: how a timestamped signature is written, and what it covers. */
export const timestampedMutations: readonly Mutation[] = [
  mutate(TIMESTAMPED, 'white space is good', '/\\s/.test(header)', 'false'),
  mutate(TIMESTAMPED, 'only spaces are white space', '/\\s/.test(header)', "header.includes(' ')"),
  mutate(
    TIMESTAMPED,
    'only lower-case hex is good',
    'v1=([0-9A-Fa-f]{64})(?![^,])',
    'v1=([0-9a-f]{64})(?![^,])',
  ),
  mutate(
    TIMESTAMPED,
    'hex of any length is good',
    'v1=([0-9A-Fa-f]{64})(?![^,])',
    'v1=([0-9A-Fa-f]{64,})(?![^,])',
  ),
  mutate(TIMESTAMPED, 'the end of a signature is not looked at', '{64})(?![^,])', '{64})'),
  mutate(TIMESTAMPED, 'the start of a signature is not looked at', '(?<![^,])v1=', 'v1='),
  mutate(TIMESTAMPED, 'any version is good in timestamped', '(?<![^,])v1=', '(?<![^,])v\\d='),
  mutate(
    SCHEME,
    'a header without a signature gets as far as the secret',
    'if (signatures.length === 0) {',
    'if (signatures.length < 0) {',
  ),
  mutate(TIMESTAMPED, 'the first of two times counts', 'second ||', ''),
  mutate(TIMESTAMPED, 'the time is not signed', 'return `${timestamp}.`;', "return timestamp && '';"),
];
