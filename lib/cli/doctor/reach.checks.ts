import { describeAnswer, explainFailure, isTlsFailure, onOneLine } from '../http/answers.js';
import { isLoopback } from '../input/target-url.js';
import {
  type Check,
  failed,
  fatal,
  GUARD_REMEDY,
  isLogin,
  isRedirect,
  passed,
  skipped,
  warned,
} from './check.js';

const SOON_MS = 14 * 24 * 3_600_000;

const UNTRUSTED =
  'Senders refuse such a certificate: install one from a public authority, with its whole chain.';
const NOBODY = 'Start the app, or correct the URL (host, port, http: or https:).';
const HANGS =
  'Senders give up after 10 s, too. Something takes the request and does not answer: look at the log of the app, or of ' +
  'the proxy before it.';

/** Check the answer to an unsigned delivery. One request serves all of them. */
export const REACH_CHECKS: readonly Check[] = [
  {
    name: 'reachable',
    title: 'a webhook endpoint answers',
    async run(examination) {
      const answer = await examination.askUnsigned();
      const { failure, status } = answer;
      if (failure !== undefined) {
        const isTls = isTlsFailure(failure);
        const remedy = isTls ? UNTRUSTED : failure === 'timeout' ? HANGS : NOBODY;
        return { ...fatal(explainFailure(failure), remedy), isUnreachable: !isTls };
      }
      if (status === 502 || status === 503 || status === 504) {
        return fatal(
          describeAnswer(answer),
          'A proxy answers, and the application behind it does not: is it running, and is the target of the proxy right? ' +
            'If this library answers 503, its log says what is away: the secret, or the store.',
        );
      }
      return status === 404 || status === 405
        ? fatal(
            describeAnswer(answer),
            'No route takes POST there. The path is /webhooks/scalekit after the global prefix, unless you set another.',
          )
        : passed(describeAnswer(answer));
    },
  },
  {
    name: 'redirects',
    title: 'no redirect',
    async run(examination) {
      const answer = await examination.askUnsigned();
      return isRedirect(answer)
        ? fatal(
            `${answer.status} to ${onOneLine(answer.headers.location ?? 'nowhere', 200)}`,
            isLogin(answer)
              ? GUARD_REMEDY
              : 'Senders do not follow redirects: register the URL that it redirects to (https, no slash more or less).',
          )
        : passed('none');
    },
  },
  {
    name: 'tls',
    title: 'TLS',
    async run(examination) {
      const { url } = examination.client;
      if (url.protocol === 'http:') {
        return isLoopback(url)
          ? skipped('plain HTTP on this machine')
          : failed('plain HTTP', 'Serve it by https: whoever is on the way can read the events.');
      }
      const { tls } = await examination.askUnsigned();
      if (!tls) {
        return skipped('not seen');
      }
      const detail = `${tls.protocol}, certificate valid until ${tls.validTo.toISOString().slice(0, 10)}`;
      return tls.validTo.getTime() - Date.now() < SOON_MS
        ? warned(detail, 'Renew the certificate: a sender refuses an expired one.')
        : passed(detail);
    },
  },
];
