// The way of a delivery (CONTRIBUTING.md): a stage may reach the stages before it and the leaves, never one after it.
const stages = ['raw-body', 'signature', 'idempotency', 'handlers', 'dispatch', 'catch-up', 'receive'];

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    ...stages.map((stage, index) => ({
      name: `${stage}-looks-back-only`,
      severity: 'error',
      from: { path: `^lib/${stage}/` },
      to: {
        path: `^lib/(${[...stages.slice(index + 1), 'adapters', 'testing', 'cli'].join('|')})/`,
        reachable: true,
      },
    })),
    {
      name: 'events-answers-and-shared-are-leaves',
      severity: 'error',
      from: { path: '^lib/(events|answers|shared)/' },
      to: { path: `^lib/(${stages.join('|')}|adapters|testing|cli)/`, reachable: true },
    },
    {
      name: 'stages-tell-and-do-not-listen',
      comment:
        'What listens to the channel (logs, spans, metrics, health) is not known to those who publish on it.',
      severity: 'error',
      from: { path: `^lib/(${[...stages, 'events', 'answers', 'shared', 'adapters'].join('|')})/` },
      to: { path: '^lib/telemetry/(?!lifecycle)' },
    },
    {
      name: 'the-channel-is-a-leaf',
      severity: 'error',
      from: { path: '^lib/telemetry/lifecycle' },
      to: { path: `^lib/(${stages.join('|')}|adapters|testing|cli)/`, reachable: true },
    },
    {
      name: 'testing-is-for-tests-and-the-command',
      comment: 'What an application loads never loads the testing kit.',
      severity: 'error',
      from: { pathNot: '^lib/(testing|cli)/' },
      to: { path: '^lib/testing/' },
    },
    {
      name: 'nothing-loads-the-inspector',
      comment: 'Its page is large, and an application without an inspector runs nothing of it.',
      severity: 'error',
      from: { pathNot: '^lib/(inspector|adapters)/' },
      to: { path: '^lib/inspector/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'class-validator-is-for-those-who-want-it',
      comment: 'It takes several times as long to load as all the rest of the package.',
      severity: 'error',
      from: { pathNot: '^lib/dto/' },
      to: { path: 'node_modules/class-validator|^lib/dto/' },
    },
    {
      name: 'fixtures-need-no-nest',
      comment: 'The command makes and signs events without an application.',
      severity: 'error',
      from: { path: '^lib/testing/(fixtures|deliveries)/' },
      to: {
        path: 'node_modules|^lib/(testing/(tester|handlers|contracts)|receive|dispatch|handlers|idempotency)/',
      },
    },
    {
      name: 'the-command-starts-fast',
      comment: 'It is bundled with what it imports: Nest would double the time to its first letter.',
      severity: 'error',
      from: { path: '^lib/cli/' },
      to: {
        path: 'node_modules/(?!commander/|cli-progress/|@types/)|^lib/(index|scalekit-webhook.module)',
        reachable: true,
      },
    },
    {
      name: 'the-schematic-stands-alone',
      comment: '`nest add` runs it in a project that may have hoisted nothing.',
      severity: 'error',
      from: { path: '^lib/schematics/' },
      to: { pathNot: '^lib/schematics/', dependencyTypesNot: ['core', 'type-only'] },
    },
    {
      name: 'the-page-is-a-bundle-of-its-own',
      comment:
        'It runs in a browser: of the library it takes the shape of the answers, and how a pattern matches.',
      severity: 'error',
      from: { path: '^lib/inspector/page/' },
      to: {
        path: '^lib/(?!inspector/(page/|inspector\\.api)|events/scalekit-event-pattern)',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'nothing-loads-the-pages-sources',
      severity: 'error',
      from: { pathNot: '^lib/inspector/page/' },
      to: { path: '^lib/inspector/page/' },
    },
    {
      name: 'nothing-loads-the-schematic',
      severity: 'error',
      from: { pathNot: '^lib/schematics/' },
      to: { path: '^lib/schematics/' },
    },
    {
      name: 'pure-core',
      comment: 'Verification, signing, the envelope and the catalogue work without Nest.',
      severity: 'error',
      from: { path: '^lib/(events/|signature/(schemes/|verify|sign|webhook))' },
      to: { path: 'node_modules/(@nestjs|rxjs|reflect-metadata|class-validator)' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
