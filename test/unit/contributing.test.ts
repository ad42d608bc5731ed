import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const text = readFileSync('CONTRIBUTING.md', 'utf8');
const files = ['lib', 'test'].flatMap((root) =>
  readdirSync(root, { recursive: true, encoding: 'utf8' }).map((file) => `${root}/${file}`),
);
const quoted = [...text.matchAll(/`([\w./…-]+)`/g)].map(([, name = '']) => name.replace(/^…/, ''));

it('names only files that exist, as the end of their path', () => {
  const names = quoted.filter((name) => name.endsWith('.ts') && name !== 'name.role.ts');
  expect(names.length).toBeGreaterThan(20);
  const isThere = (name: string) =>
    files.some((file) => `/${file}`.endsWith(name.startsWith('.') ? name : `/${name}`));
  expect(names.filter((name) => !isThere(name))).toEqual([]);
});

it('names only folders that exist, in lib or at the root', () => {
  const names = quoted.filter((name) => name.endsWith('/'));
  expect(names.length).toBeGreaterThan(10);
  expect(names.filter((name) => !existsSync(`lib/${name}`) && !existsSync(name))).toEqual([]);
});

it('has a row for every folder of lib', () => {
  const folders = readdirSync('lib', { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const rows = [...text.matchAll(/^\| `([\w-]+)\/` +\|/gm)].map(([, name]) => name);
  expect(folders.map(({ name }) => name).filter((name) => !rows.includes(name))).toEqual([]);
});
