/** The pages of the repository: their links lead somewhere, and nothing tells of the machine that it was written on. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' })
  .split('\0')
  .filter((file) => file !== '' && existsSync(join(root, file)));
const pages = tracked.filter((file) => file.endsWith('.md'));
const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');
const withoutCode = (page: string): string => textOf(page).replaceAll(/^```[\s\S]*?^```/gm, '');

interface Link {
  readonly page: string;
  /** Path from the root; the page itself for a link within it. */
  readonly file: string;
  readonly anchor: string | undefined;
}

/** Links to other places of this repository. */
const linksOf = (page: string): readonly Link[] =>
  [...withoutCode(page).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
    if (/^[a-z]+:/.test(target)) return [];
    const [path = '', anchor] = target.split('#', 2);
    return [{ page, file: path === '' ? page : normalize(join(dirname(page), path)), anchor }];
  });
const links = pages.flatMap(linksOf);
const shown = ({ page, file, anchor }: Link): string =>
  `${page} links to ${file}${anchor === undefined ? '' : `#${anchor}`}`;

/** Anchors as the usual hosts make them from headings. */
const anchorsOf = (page: string): readonly string[] =>
  [...withoutCode(page).matchAll(/^#+ +(.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

test('every link of every page leads to a file that is here', () => {
  assert.ok(links.length > 0);
  assert.deepEqual(links.filter(({ file }) => !existsSync(join(root, file))).map(shown), []);
});

test('every link to a heading finds it', () => {
  const dead = links.filter(
    ({ file, anchor }) => anchor !== undefined && file.endsWith('.md') && !anchorsOf(file).includes(anchor),
  );
  assert.deepEqual(dead.map(shown), []);
});

test('every file that a page names is here', () => {
  const form = /`((?:attack|bench|bin|demo|docs|examples|packages|scripts|test)\/[\w./-]*[\w-])`/g;
  const named = pages
    .flatMap((page) =>
      [...withoutCode(page).matchAll(form)].map(([, file = '']) => ({ page, file, anchor: undefined })),
    )
    .filter(({ file }) => !/(^|\/)dist(\/|$)/.test(file)); // made by a build
  assert.deepEqual(named.filter(({ file }) => !existsSync(join(root, file))).map(shown), []);
});

test('every page can be reached from README.md', () => {
  const reached = new Set(['README.md']);
  for (const page of reached) {
    for (const { file } of linksOf(page)) {
      const found =
        existsSync(join(root, file)) && statSync(join(root, file)).isDirectory() ? join(file, 'README.md') : file;
      if (pages.includes(found)) reached.add(found);
    }
  }
  assert.deepEqual(
    pages.filter((page) => !reached.has(page)),
    [],
  );
});

/** Put together, so that this file does not match itself. */
const telltales: Readonly<Record<string, RegExp>> = {
  'a path of one machine': new RegExp(`(?<![\\w.@}*)/-])/(?:${['work', 'home', 'root', 'Users'].join('|')})/[\\w.-]`),
  'a temporary path of one machine': new RegExp(`(?<![\\w.@}*)/-])/tmp/${'[a-z0-9]'}`),
  'the host of a package registry': new RegExp(
    `registry\\.(?:npm|yarn|npmm)|https?://[\\w.:-]*(?:${['registry', 'artifactory', 'nexus', 'npmmirror'].join('|')})`,
    'i',
  ),
};

for (const [what, form] of Object.entries(telltales)) {
  test(`no file holds ${what}`, () => {
    const found = tracked.flatMap((file) =>
      textOf(file)
        .split('\n')
        .flatMap((line, index) => (form.test(line) ? [`${file}:${index + 1}: ${line.trim().slice(0, 100)}`] : [])),
    );
    assert.deepEqual(found, []);
  });
}
