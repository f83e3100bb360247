/** Limits that the bank and its app both know. */

/** A transfer above this takes `POST /api/transfers/large`: a thousand in major units. */
export const LARGE_TRANSFER_MINOR = 100_000;
