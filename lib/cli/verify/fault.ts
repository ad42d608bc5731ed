/**
 * Why a delivery does not hold. Each cause is proved: either the signature matches once the fault is undone, or the
 * fault makes any match impossible.
 */
export type VerifyCause =
  | 'wrong_secret'
  | 'secret_unusable'
  | 'secret_quoted'
  | 'secret_whitespace'
  | 'secret_pasted_line'
  | 'secret_prefix'
  | 'secret_encoding'
  | 'wrong_scheme'
  | 'body_reserialised'
  | 'body_newline'
  | 'body_bom'
  | 'body_charset'
  | 'body_lost'
  | 'body_parsed'
  | 'header_lost'
  | 'header_repeated'
  | 'header_altered'
  | 'signature_malformed'
  | 'timestamp_unit'
  | 'clock_skew'
  | 'unknown';

export interface Fault {
  readonly cause: VerifyCause;
  /** What is wrong. */
  readonly message: string;
  /** What to do. */
  readonly remedy: string;
}

export function fault(cause: VerifyCause, message: string, remedy: string): Fault {
  return { cause, message, remedy };
}

/** Something the sender may have used, and what then went wrong on the way to us. */
export interface Candidate<T> {
  readonly value: T;
  /** Empty where the value is taken as given. */
  readonly faults: readonly Fault[];
}
