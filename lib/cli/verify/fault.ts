/**
 * Why a delivery does not hold. Each is a fact: either a signature matches once the fault is undone, which can't
 * happen by chance, or the fault alone makes any match impossible.
 */
export type VerifyCause =
  | 'wrong_secret'
  | 'secret_empty'
  | 'secret_is_a_signature'
  | 'secret_is_asymmetric'
  | 'secret_unusable'
  | 'secret_quoted'
  | 'secret_whitespace'
  | 'secret_pasted_line'
  | 'secret_prefix'
  | 'secret_encoding'
  | 'wrong_scheme'
  | 'body_reserialised'
  | 'body_newline'
  | 'body_line_endings'
  | 'body_bom'
  | 'body_charset'
  | 'body_base64'
  | 'body_double_encoded'
  | 'body_lost'
  | 'body_parsed'
  | 'body_length'
  | 'header_lost'
  | 'header_renamed'
  | 'header_repeated'
  | 'header_altered'
  | 'signature_truncated'
  | 'signature_malformed'
  | 'timestamp_malformed'
  | 'timestamp_unit'
  | 'clock_skew'
  | 'unknown';

export interface Fault {
  readonly cause: VerifyCause;
  /** What is so. */
  readonly message: string;
  /** What to do. */
  readonly remedy: string;
}

/** Something that may be what the sender used, and what then went wrong with what we were given. */
export interface Candidate<T> {
  readonly value: T;
  /** None: it was taken as given. */
  readonly faults: readonly Fault[];
}

export function asGiven<T>(value: T): Candidate<T> {
  return { value, faults: [] };
}
