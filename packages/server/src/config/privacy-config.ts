/** The `privacy` member of the configuration. */
import type { DataItemId, DetectorName, MaskAction, PurposeId } from '@hauberk/privacy';

/** An SDK that the notice names. */
export interface DeclaredSdk {
  readonly name: string;
  /** What it may work for; any purpose when empty. */
  readonly purposes: readonly PurposeId[];
  /** What it may read; whatever its scene allows when empty. */
  readonly items: readonly DataItemId[];
}

/** A scene beside, or in the place of, those of the catalogue. */
export interface SceneConfig {
  readonly purpose: PurposeId;
  readonly allows: readonly DataItemId[];
  readonly isNecessary: boolean;
}

/** What reports are kept without. */
export interface MaskConfig {
  /** The first rule that fits decides. `report` is a kind of report; every kind when absent. */
  readonly rules: readonly {
    readonly report?: string | undefined;
    readonly path: string;
    readonly action: MaskAction;
  }[];
  /** Detectors that are left out. */
  readonly without: readonly DetectorName[];
}

/** A class of rows that retention knows. */
export type PrivacyClass = 'reports' | 'totals' | 'chains' | 'findings' | 'effects' | 'subjects' | 'consents';

/** What the privacy loop judges by and keeps. */
export interface PrivacyConfig {
  readonly controller: string;
  readonly jurisdiction: string;
  /** Hash of the notice in force; a consent to another one must be given anew. Any notice counts when absent. */
  readonly noticeHash?: string | undefined;
  /** `unrecorded`: the app keeps its consents elsewhere, so the rules on consent are not judged. */
  readonly consent: 'recorded' | 'unrecorded';
  readonly sdks: readonly DeclaredSdk[];
  readonly hosts: readonly string[];
  readonly scenes: Readonly<Record<string, SceneConfig>>;
  readonly backgroundApis: readonly string[];
  readonly frequency: { readonly windowSeconds: number; readonly most: number };
  readonly identifiers: { readonly windowSeconds: number; readonly most: number };
  readonly latenessSeconds: number;
  readonly limits: {
    /** Events that the stream may be behind before reports are refused. */
    readonly behind: number;
    /** Of one app; what is beyond is counted together. */
    readonly chains: number;
    readonly findings: number;
    /** Of one app and day. */
    readonly totals: number;
    /** That one device may bring in a day. */
    readonly newChainsPerDevice: number;
  };
  readonly mask: MaskConfig;
  /** Whether stopping a chain needs a second person. */
  readonly stopFourEyes: 'never' | 'always';
  readonly retentionDays: Readonly<Record<PrivacyClass, number>>;
}
