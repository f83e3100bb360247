/** A decoder may find nothing to decode. */
import { fromBase64Url } from '@hauberk/primitives';

// expect TS2532
export const length: number = fromBase64Url('AAAA').length;
