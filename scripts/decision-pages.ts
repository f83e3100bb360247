/** Pages of the decision engine that are written from its data; tests of `decision` compare them. */
import { writeFileSync } from 'node:fs';
import { scenesPage } from '../packages/decision/src/scenes/page.ts';

writeFileSync('docs/scenes.md', scenesPage());
