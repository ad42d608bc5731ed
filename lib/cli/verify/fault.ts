const BARE_SECRET = 'Set the bare secret, from whsec_ to its last letter, and nothing around it.';
const RAW_BODY =
  'Verify the bytes as they came in, before any body parser: nestjs-scalekit-webhooks does so by itself, elsewhere use ' +
  'express.raw() or request.rawBody.';

/**
 * Why a delivery does not hold, and what to do about it. Each cause is proved: either the signature matches once the
 * fault is undone, or the fault makes any match impossible.
 */
const REMEDIES = {
  wrong_secret: 'Give your app the signing secret of this endpoint. While a secret is rotated, give it both.',
  secret_unusable:
    'Copy the signing secret of this endpoint (it begins with whsec_) from the Scalekit dashboard.',
  secret_quoted: 'Leave the quotes out: docker --env-file, systemd and CI variables take them literally.',
  secret_whitespace: 'Trim what you read: readFileSync(…, "utf8").trim(), or printf instead of echo.',
  secret_pasted_line: BARE_SECRET,
  secret_prefix: BARE_SECRET,
  secret_encoding: BARE_SECRET,
  wrong_scheme:
    'Accept the scheme (--scheme here, signature.schemes in your app), or have the sender sign by the rules of the ' +
    'header that it sends.',
  body_reserialised: RAW_BODY,
  body_newline: RAW_BODY,
  body_lost: RAW_BODY,
  header_lost:
    'Have every proxy, gateway and middleware on the way pass it on; then look at what your app receives.',
  header_repeated: 'Find what adds it a second time (a proxy, a middleware): it must come once.',
  header_altered:
    'Look at what passes the request on (proxy, gateway, log, your own code): headers must stay as sent.',
  clock_skew:
    'For a delivery that was kept, give the time at which it came: --at. If it failed when it came, check the clock of ' +
    'the machine (NTP). An old signature may also be a replay, or a delivery that was held up.',
  unknown:
    'Compare the secret with the one the dashboard shows for this very endpoint; give further ones (--secret, ' +
    '--secret-file, the variable) and all are tried. Then take the body from the first place that sees it, as bytes, and ' +
    'compare its length with content-length.',
} as const;

export type VerifyCause = keyof typeof REMEDIES;

export interface Fault {
  readonly cause: VerifyCause;
  /** What is wrong. */
  readonly message: string;
  /** What to do. */
  readonly remedy: string;
}

export function fault(cause: VerifyCause, message: string): Fault {
  return { cause, message, remedy: REMEDIES[cause] };
}

/** Something that the sender may have used, and what would have gone wrong since then. */
export interface Candidate<T> {
  readonly value: T;
  /** Empty if the value is used as received. */
  readonly faults: readonly Fault[];
}
