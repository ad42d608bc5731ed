import { describe, expect, it } from 'vitest';
import { isLoopback, parseTargetUrl } from '../../../lib/cli/input/target-url.js';
import { Redaction } from '../../../lib/cli/output/output.js';
import { shellQuote } from '../../../lib/cli/commands/sign.command.js';

describe('isLoopback', () => {
  it.each([
    'localhost',
    'LOCALHOST:3000',
    '127.0.0.1',
    '127.1',
    '0x7f.0.0.1',
    '2130706433',
    '127.255.3.4',
    '[::1]',
  ])('is true of %s', (host) => {
    expect(isLoopback(parseTargetUrl(`http://${host}/`))).toBe(true);
  });

  it.each([
    'localhost.example.com',
    'localhost.',
    '127.0.0.1.example.com',
    '0.0.0.0',
    '10.0.0.1',
    '128.0.0.1',
    '[::]',
    '[::ffff:10.0.0.1]',
    'xn--lcalhost-54a',
  ])('is false of %s', (host) => {
    expect(isLoopback(parseTargetUrl(`http://${host}/`))).toBe(false);
  });
});

describe('Redaction', () => {
  const secret = 'a/b c"d+e=f';

  it.each([
    ['itself', secret],
    ['inside JSON', JSON.stringify({ secret })],
    ['in a URL', encodeURIComponent(secret)],
  ])('takes a secret out of a text that holds it %s', (_how, text) => {
    const redaction = new Redaction();
    redaction.add(`"${secret}"\n`);
    expect(redaction.apply(`<${text}>`)).not.toContain('c"d');
    expect(redaction.apply(`<${text}>`)).toContain('[secret]');
  });

  it('takes out what looks like a secret, and leaves words about secrets', () => {
    const redaction = new Redaction();
    expect(redaction.apply('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw, whsec_ and whsec_…')).toBe(
      '[secret], whsec_ and whsec_…',
    );
  });
});

describe('shellQuote', () => {
  it.each([
    ['plain', 'plain'],
    ['', "''"],
    ["it's $HOME", String.raw`'it'\''s $HOME'`],
    ['a\nb', "'a\nb'"],
    ['-H', '-H'],
  ])('makes one word of %j', (text, quoted) => {
    expect(shellQuote(text)).toBe(quoted);
  });
});
