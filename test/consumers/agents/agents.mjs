// Runs the app under each monitoring agent, on both platforms: all of them wrap route handlers or what lies below. None
// reaches its collector. Usage: node agents.mjs
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** What Node loads first, and what each agent needs to start without a collector. */
const AGENTS = {
  newrelic: {
    load: 'newrelic',
    env: {
      NEW_RELIC_APP_NAME: 'agents',
      NEW_RELIC_LICENSE_KEY: 'a'.repeat(40),
      NEW_RELIC_HOST: '127.0.0.1',
      NEW_RELIC_PORT: '1',
      NEW_RELIC_LOG_ENABLED: 'false',
    },
  },
  'dd-trace': {
    load: 'dd-trace/init',
    env: { DD_TRACE_AGENT_URL: 'http://127.0.0.1:1', DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false' },
  },
  'elastic-apm-node': {
    load: 'elastic-apm-node/start.js',
    env: { ELASTIC_APM_SERVER_URL: 'http://127.0.0.1:1', ELASTIC_APM_LOG_LEVEL: 'off' },
  },
  '@sentry/nestjs': { load: './sentry.cjs', env: {} },
  '@opentelemetry/auto-instrumentations-node': {
    load: '@opentelemetry/auto-instrumentations-node/register',
    env: { OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none' },
  },
};

let failed = 0;
for (const [agent, { load, env }] of Object.entries(AGENTS)) {
  if (!existsSync(`node_modules/${agent}`)) {
    continue; // Not made for this version of Nest.
  }
  for (const platform of ['express', 'fastify']) {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['-r', load, 'app.cjs', platform, agent], {
      encoding: 'utf8',
      timeout: 120_000,
      env: { ...process.env, ...env },
    });
    const passed = status === 0;
    failed += passed ? 0 : 1;
    console.log(
      `${passed ? 'passed' : 'FAILED'}  ${agent} on ${platform}${passed ? '' : `\n${stdout}${stderr}`}`,
    );
  }
}
process.exit(failed === 0 ? 0 : 1);
