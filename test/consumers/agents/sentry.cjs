require('@sentry/nestjs').init({ dsn: 'http://key@127.0.0.1:1/1', tracesSampleRate: 1 });
