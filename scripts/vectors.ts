/**
 * `npm run vectors`: runs the official corpora, one line per folder on stdout and details on stderr. Exits with 1 when a case failed,
 * when a file of a known corpus could not be read, or when HAUBERK_VECTORS names a folder that is not there.
 */
import { corporaIn, locateCorpora } from './vectors/corpora.ts';
import { runCorpus } from './vectors/run-corpus.ts';

const corpora = locateCorpora(process.env);
const folders = corporaIn(corpora);
if (folders === undefined && corpora.isNamed) {
  console.error(`HAUBERK_VECTORS names ${corpora.path}, which is no folder that can be read`);
  process.exitCode = 1;
} else if (folders === undefined) {
  console.log('vectors skipped: no corpora beside the repository; HAUBERK_VECTORS may name their folder');
}
for (const folder of folders ?? []) {
  const { line, faults } = await runCorpus(corpora, folder);
  console.log(line);
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exitCode = 1;
}
