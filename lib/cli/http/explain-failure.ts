/** What people can do with Node's codes. */
const EXPLANATIONS: readonly (readonly [RegExp, string])[] = [
  [/^ECONNREFUSED$/, 'nothing listens there: is the app running, and on this port?'],
  [/^(ENOTFOUND|EAI_AGAIN)$/, 'the name of the host is not known'],
  [/^(ETIMEDOUT|timeout|EHOSTUNREACH|ENETUNREACH)$/, 'no answer came in time'],
  [/^(ECONNRESET|EPIPE)$/, 'the connection was cut before an answer came'],
  [/^(EPROTO|ERR_SSL_.*)$/, 'TLS failed: is it an http: endpoint?'],
  [/^HPE_/, 'what answers does not speak HTTP: is it an https: endpoint?'],
  [/^(CERT_.*|.*CERT.*|.*_CERTIFICATE.*|ERR_TLS_.*|UNABLE_TO_.*)$/, 'the certificate is not trusted'],
];

export function explainFailure(code: string): string {
  const explanation = EXPLANATIONS.find(([pattern]) => pattern.test(code))?.[1];
  return explanation === undefined ? code : `${code}: ${explanation}`;
}

export function isTlsFailure(code: string): boolean {
  return /CERT|ERR_TLS_|UNABLE_TO_/.test(code);
}
