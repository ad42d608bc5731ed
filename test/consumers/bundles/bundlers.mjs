// How people make one file of an application for production: by esbuild, and by webpack with its terser.
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import webpack from 'webpack';

const NEST = /^(?:@nestjs|rxjs|reflect-metadata)\b/;
const OPTIONAL =
  /^(?:@nestjs\/(?:microservices|websockets)|@fastify\/.*|class-(?:transformer|validator)|pg-(?:native|cloudflare))$/;

/** A folder with exactly these packages, which bundlers then find. */
export function folderOf(name, installed, peers) {
  const folder = join(process.cwd(), 'out', `peers-${name}`);
  mkdirSync(folder, { recursive: true });
  for (const peer of peers) {
    symlinkSync(join(installed, 'node_modules', peer), join(folder, peer));
  }
  return folder;
}

/** What Nest and the clients ask for and do without. The library gets no such help. */
function isTheirOptional(request, from, peers) {
  const isTheirs = /node_modules\/(?!nestjs-scalekit-webhooks\/)/.test(from);
  const name = /^(?:@[^/]+\/)?[^/]+/.exec(request)?.[0] ?? '';
  return (
    isTheirs &&
    OPTIONAL.test(name) &&
    ![peers, 'node_modules'].some((folder) => existsSync(join(folder, name)))
  );
}

async function esbuild({ source, file, format, peers, holdsNest }) {
  const toExternal = ({ path, importer }) =>
    isTheirOptional(path, importer, peers) || (!holdsNest && NEST.test(path))
      ? { path, external: true }
      : undefined;
  await build({
    entryPoints: [source],
    outfile: file,
    bundle: true,
    minify: true,
    platform: 'node',
    format,
    nodePaths: [peers],
    plugins: [{ name: 'externals', setup: ({ onResolve }) => onResolve({ filter: /^[^./]/ }, toExternal) }],
    logLevel: 'silent',
    // For the CommonJS packages in it.
    ...(format === 'esm' && {
      banner: {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
      },
    }),
  });
}

async function byWebpack({ source, file, format, peers, holdsNest }) {
  const type = format === 'esm' ? 'module' : 'commonjs';
  const stats = await promisify(webpack)({
    mode: 'production',
    target: 'node20',
    entry: source,
    resolve: { modules: ['node_modules', peers] },
    experiments: { outputModule: format === 'esm' },
    output: { path: dirname(file), filename: basename(file), library: { type } },
    externals: ({ request, context }, done) => {
      if (isTheirOptional(request, `${context}/`, peers)) return done(null, `node-commonjs ${request}`);
      return !holdsNest && NEST.test(request) ? done(null, `${type} ${request}`) : done();
    },
    performance: false,
  });
  if (stats.hasErrors()) {
    throw new Error(stats.toString({ all: false, errors: true }));
  }
}

export const BUNDLERS = { esbuild, webpack: byWebpack };
