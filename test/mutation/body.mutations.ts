import { mutate, type Mutation } from './mutation.js';

const MAC = 'sign-webhook.ts';
const FOREIGN = 'webhook-input.ts';

/** S8: what of the body is hashed. */
export const bodyMutations: readonly Mutation[] = [
  mutate(
    MAC,
    'the body is decoded',
    '.update(body)',
    ".update(typeof body === 'string' ? body : Buffer.from(body).toString())",
  ),
  mutate(
    MAC,
    'the body is read as Latin-1',
    '.update(body)',
    ".update(typeof body === 'string' ? Buffer.from(body, 'latin1') : body)",
  ),
  mutate(
    MAC,
    'the body is trimmed',
    '.update(body)',
    ".update(typeof body === 'string' ? body.trim() : body)",
  ),
  mutate(
    MAC,
    'the whole memory of a view is hashed',
    '.update(body)',
    ".update(typeof body === 'string' ? body : Buffer.from(body.buffer))",
  ),
  mutate(MAC, 'the body is not hashed', '.update(body)', ''),
  mutate(MAC, 'another hash is used', "createHmac('sha256', key)", "createHmac('sha512-256', key)"),
  mutate(MAC, 'a hash without the key is used', "createHmac('sha256', key)", "createHmac('sha256', '')"),
  mutate(
    FOREIGN,
    'every view is a body',
    "ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === '[object Uint8Array]'",
    'ArrayBuffer.isView(value)',
  ),
  mutate(
    FOREIGN,
    'every object is a body',
    'value instanceof Uint8Array ||',
    "(typeof value === 'object' && value !== null) ||",
  ),
];
