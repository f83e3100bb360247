/** Reason codes are a closed world. */
import type { RequestReason } from '@hauberk/channel';
import { type Result, refuse } from '@hauberk/primitives';

// expect TS2322
export const judge = (): Result<true, RequestReason> => refuse('request.looks-odd');
