import type { Examination } from './examination.js';

export type CheckName =
  | 'reachable'
  | 'redirects'
  | 'tls'
  | 'unsigned'
  | 'verifies_first'
  | 'forged'
  | 'good'
  | 'schemes'
  | 'tampered'
  | 'stale'
  | 'future'
  | 'raw_bytes'
  | 'duplicate'
  | 'malformed'
  | 'no_event'
  | 'too_large'
  | 'at_once'
  | 'answer_time';

export type CheckStatus = 'passed' | 'warned' | 'failed' | 'skipped';

export interface Finding {
  readonly status: CheckStatus;
  /** What was seen. */
  readonly detail: string;
  /** What to do about it. */
  readonly remedy?: string;
  /** Skips the remaining checks. */
  readonly endsExamination?: boolean;
  /** No answer came at all. */
  readonly isUnreachable?: boolean;
}

export interface Check {
  readonly name: CheckName;
  /** What must hold. */
  readonly title: string;
  /** What the check can't do without. It is skipped where this is missing. */
  readonly needs?: 'secret' | 'acceptance' | 'timestamp';
  run(examination: Examination): Promise<Finding> | Finding;
}

export interface CheckResult extends Finding {
  readonly name: CheckName;
  readonly title: string;
}

export const passed = (detail: string): Finding => ({ status: 'passed', detail });
export const warned = (detail: string, remedy: string): Finding => ({ status: 'warned', detail, remedy });
export const failed = (detail: string, remedy: string): Finding => ({ status: 'failed', detail, remedy });
export const skipped = (detail: string): Finding => ({ status: 'skipped', detail });
