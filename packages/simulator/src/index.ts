/** Simulated devices under fake makers: honest ones, and every known liar. For tests, the demo and attacks; never for production. */
export * from './android.ts';
