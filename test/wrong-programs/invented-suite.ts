/** Suites are a closed world. */
import type { SuiteId } from '@hauberk/channel/client';

// expect TS2322
export const suites: readonly SuiteId[] = ['HB1-P256', 'HB1-RSA'];
