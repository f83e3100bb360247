/** Instants and durations with their unit in the type, so that mixing them does not compile. */

declare const unit: unique symbol;

/** Milliseconds since 1970-01-01T00:00Z. */
export type EpochMs = number & { readonly [unit]: 'EpochMs' };
/** Seconds since 1970-01-01T00:00Z, as RFC 9421 `created` carries them. */
export type EpochSeconds = number & { readonly [unit]: 'EpochSeconds' };
/** A span of time in milliseconds. */
export type DurationMs = number & { readonly [unit]: 'DurationMs' };

/** Names a number as an instant. The caller vouches for the unit. */
export const epochMs = (value: number): EpochMs => value as EpochMs;
/** Names a number as whole seconds since the epoch. The caller vouches for the unit. */
export const epochSeconds = (value: number): EpochSeconds => value as EpochSeconds;
/** Names a number as a span of milliseconds. The caller vouches for the unit. */
export const durationMs = (value: number): DurationMs => value as DurationMs;
/** A span given in seconds. */
export const seconds = (value: number): DurationMs => durationMs(value * 1000);
/** A span given in minutes. */
export const minutes = (value: number): DurationMs => durationMs(value * 60_000);
/** A span given in hours. */
export const hours = (value: number): DurationMs => durationMs(value * 3_600_000);
/** A span given in days. */
export const days = (value: number): DurationMs => durationMs(value * 86_400_000);
/** The instant `span` after `instant`. */
export const after = (instant: EpochMs, span: DurationMs): EpochMs => epochMs(instant + span);
/** How long `later` is after `earlier`; negative when it is before. */
export const elapsed = (earlier: EpochMs, later: EpochMs): DurationMs => durationMs(later - earlier);
/** Whole seconds, rounded down. */
export const toEpochSeconds = (instant: EpochMs): EpochSeconds => epochSeconds(Math.floor(instant / 1000));
/** The first millisecond of that second. */
export const fromEpochSeconds = (instant: EpochSeconds): EpochMs => epochMs(instant * 1000);
