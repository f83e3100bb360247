/** A configuration mistake: which file, where in it, what is wrong, and what to do. */

/** Member names and array indexes from the root. */
export type ConfigPath = readonly (string | number)[];

/** One mistake. */
export interface ConfigIssue {
  readonly file: string;
  /** 1-based; absent when the value does not stand in the file (environment, default). */
  readonly line?: number;
  readonly path: ConfigPath;
  readonly message: string;
  readonly hint: string;
}

/** A mistake before the file is known. */
export type PathIssue = Pick<ConfigIssue, 'path' | 'message' | 'hint'>;

/** `services[0].routes[3].path`; `(root)` for the whole. */
export const pathText = (path: ConfigPath): string =>
  path.length === 0
    ? '(root)'
    : path.map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`)).join('');

/** `file:line: path: message (hint)`, one line. */
export const issueText = (issue: ConfigIssue): string =>
  `${issue.file}${issue.line === undefined ? '' : `:${issue.line}`}: ${pathText(issue.path)}: ${issue.message} (hint: ${issue.hint})`;
