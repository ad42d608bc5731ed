import { describeAnswer, explainFailure, isTlsFailure, onOneLine } from '../http/answers.js';
import { isLoopback } from '../input/target-url.js';
import { GUARD_REMEDY, isLogin } from './guards.js';
import { type Check, failed, type Finding, passed, skipped, warned } from './check.js';

const SOON_MS = 14 * 24 * 3_600_000;

/** Check what answers an unsigned delivery: one request serves all of them. */
export const REACH_CHECKS: readonly Check[] = [
  {
    name: 'reachable',
    title: 'a webhook endpoint answers',
    async run(examination) {
      const answer = await examination.askUnsigned();
      if ('failure' in answer) {
        const isTls = isTlsFailure(answer.failure);
        const remedy = isTls
          ? 'Senders refuse such a certificate: install one of a public authority, with its whole chain.'
          : 'Start the app, or correct the URL (host, port, http: or https:).';
        return { ...ending(failed(explainFailure(answer.failure), remedy)), isUnreachable: !isTls };
      }
      if (answer.status === 404 || answer.status === 405) {
        return ending(
          failed(
            describeAnswer(answer),
            'No route takes POST there. The path is /webhooks/scalekit after the global prefix, unless you set another.',
          ),
        );
      }
      return passed(describeAnswer(answer));
    },
  },
  {
    name: 'redirects',
    title: 'no redirect',
    async run(examination) {
      const answer = await examination.askUnsigned();
      if ('failure' in answer || answer.status < 300 || answer.status >= 400) {
        return passed('none');
      }
      return ending(
        failed(
          `${answer.status} to ${onOneLine(answer.headers.location ?? 'nowhere', 200)}`,
          isLogin(answer)
            ? GUARD_REMEDY
            : 'Senders do not follow redirects: register the URL that it redirects to (https, no slash more or less).',
        ),
      );
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
      const answer = await examination.askUnsigned();
      if ('failure' in answer || !answer.tls) {
        return skipped('not seen');
      }
      const { protocol, validTo } = answer.tls;
      const detail = `${protocol}, certificate valid until ${validTo.toISOString().slice(0, 10)}`;
      return validTo.getTime() - Date.now() < SOON_MS
        ? warned(detail, 'Renew the certificate: a sender refuses an expired one.')
        : passed(detail);
    },
  },
];

function ending(finding: Finding): Finding {
  return { ...finding, endsExamination: true };
}
