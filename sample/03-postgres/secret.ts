/** Yours comes from the Scalekit dashboard; this one lets the sample run by itself. */
export const SECRET =
  process.env.SCALEKIT_WEBHOOK_SECRET ?? 'whsec_c2FtcGxlLW9ubHktbmV2ZXItaW4tcHJvZHVjdGlvbg==';
