/** How often each policy was evaluated in shadow, kept in the state folder: what says that a policy was watched before it may refuse on money routes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseJson } from '@hauberk/primitives';
import { writeFileDurably } from '../storage/durable-file.ts';
import type { ShadowRuns } from './money-rules.ts';

const fileIn = (state: string): string => join(state, 'decision-shadow.json');
const maxPolicies = 4096;

/** Reads the runs; none when nothing was watched, or when the file is not one of ours. */
export const readShadowRuns = (state: string): ShadowRuns => {
  let text: string;
  try {
    text = readFileSync(fileIn(state), 'utf8');
  } catch {
    return {};
  }
  const read = parseJson(text, { maxDepth: 2, maxKeys: maxPolicies });
  if (!read.ok || typeof read.value !== 'object' || read.value === null || Array.isArray(read.value)) return {};
  const entries = Object.entries(read.value).filter(
    (entry): entry is [string, number] => /^[0-9a-f]{64}$/.test(entry[0]) && Number.isSafeInteger(entry[1]),
  );
  return Object.fromEntries(entries);
};

/** Adds what was counted since; the newest policies stay when there are too many. */
export const addShadowRuns = (state: string, counted: ShadowRuns): void => {
  const runs: Record<string, number> = { ...readShadowRuns(state) };
  for (const [hash, times] of Object.entries(counted)) {
    const before = runs[hash] ?? 0;
    delete runs[hash];
    runs[hash] = before + times;
  }
  writeFileDurably(fileIn(state), JSON.stringify(Object.fromEntries(Object.entries(runs).slice(-maxPolicies))));
};
