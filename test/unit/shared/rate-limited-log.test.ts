import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RateLimitedLog } from '../../../lib/shared/rate-limited-log.js';

describe('RateLimitedLog', () => {
  const lines: string[] = [];
  let log: RateLimitedLog;

  beforeEach(() => {
    vi.useFakeTimers();
    lines.length = 0;
    const logger = new Logger();
    vi.spyOn(logger, 'warn').mockImplementation((line: string) => lines.push(line));
    log = new RateLimitedLog(logger, 'billing');
  });
  afterEach(() => vi.useRealTimers());

  it('writes the first warning of a reason at once, with endpoint, reason and message', () => {
    log.warn('signature_mismatch', 'Check the secret.');
    expect(lines).toEqual(['[billing] signature_mismatch: Check the secret.']);
  });

  it('writes one line a second for a reason however many there are, with the count of the others', () => {
    for (let second = 0; second < 3; second++) {
      for (let forgery = 0; forgery < 1_000; forgery++) {
        log.warn('signature_mismatch', 'Check the secret.');
      }
      vi.advanceTimersByTime(1_000);
    }
    expect(lines).toEqual([
      '[billing] signature_mismatch: Check the secret.',
      '[billing] signature_mismatch: Check the secret. (999 more of these in the last second)',
      '[billing] signature_mismatch: Check the secret. (1000 more of these in the last second)',
      '[billing] signature_mismatch: Check the secret. (1000 more of these in the last second)',
    ]);
  });

  it('writes what is still due when it is closed, and nothing after that', () => {
    log.warn('missing_headers', 'Nothing is signed.');
    log.warn('missing_headers', 'Nothing is signed.');
    log.warn('timestamp_too_old', 'A replay.');
    log.close();
    expect(lines).toEqual([
      '[billing] missing_headers: Nothing is signed.',
      '[billing] timestamp_too_old: A replay.',
      '[billing] missing_headers: Nothing is signed. (1 more of these in the last second)',
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('writes nothing more when a reason came once', () => {
    log.warn('missing_headers', 'Nothing is signed.');
    vi.advanceTimersByTime(60_000);
    expect(lines).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('writes at once again after a second without that reason', () => {
    log.warn('missing_headers', 'First.');
    vi.advanceTimersByTime(1_000);
    log.warn('missing_headers', 'Second.');
    expect(lines).toEqual(['[billing] missing_headers: First.', '[billing] missing_headers: Second.']);
  });

  it('counts each reason for itself', () => {
    log.warn('missing_headers', 'Nothing is signed.');
    log.warn('missing_headers', 'Nothing is signed.');
    log.warn('signature_mismatch', 'Check the secret.');
    expect(lines).toHaveLength(2);
    vi.advanceTimersByTime(1_000);
    expect(lines).toHaveLength(3);
    expect(lines[2]).toMatch(/^\[billing\] missing_headers: .* \(1 more /);
  });

  it('keeps what a sender chose on one line', () => {
    log.warn('wrong_environment', 'Event evt_1\n[default] all is well \u001b[2J');
    expect(lines).toEqual([
      '[billing] wrong_environment: Event evt_1\\u000a[default] all is well \\u001b[2J',
    ]);
  });
});
