import { readFileSync } from 'node:fs';

const read = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));

/** Of the library, of what it runs on, and of what it is measured beside. */
export function packageVersions() {
  const own = read('../../../package.json');
  const root = read('../../../package-lock.json').packages;
  const rivals = read('../rivals/package-lock.json').packages;
  const platform = [
    '@nestjs/core',
    '@nestjs/platform-express',
    '@nestjs/platform-fastify',
    'ioredis',
    'redis',
    'pg',
    'bullmq',
    'pg-boss',
  ];
  return [
    `${own.name} ${own.version}`,
    ...platform.map((name) => `${name} ${root[`node_modules/${name}`].version}`),
    ...Object.keys(rivals[''].dependencies).map(
      (name) => `${name} ${rivals[`node_modules/${name}`].version} (rivals)`,
    ),
  ].join(', ');
}
