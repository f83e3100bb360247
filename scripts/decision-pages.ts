/** Pages of the decision engine that are written from its data; tests of `decision` compare them. */
import { writeFileSync } from 'node:fs';
import { reasonsPage } from '../packages/decision/src/reasons/page.ts';
import { scenesPage } from '../packages/decision/src/scenes/page.ts';
import { starterPage } from '../packages/decision/src/starter/page.ts';

writeFileSync('docs/scenes.md', scenesPage());
writeFileSync('docs/decision-reasons.md', reasonsPage());
writeFileSync('docs/starter-policies.md', starterPage());
