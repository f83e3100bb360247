/** Signals of phones: how often honest ones show each, and which an attacker's trick shows. */
import type { Tier } from './lines.ts';

/** A sign that a client looks for. */
export interface Sign {
  readonly code: string;
  /** The least tier of scene in which it is collected. */
  readonly tier: Tier;
  readonly source: 'web' | 'native';
  /** Share of honest devices that show it as long as they live. */
  readonly lasting: number;
  /** Share of the reports of the other honest devices that show it for once. */
  readonly passing: number;
}

const sign = (code: string, tier: Tier, source: Sign['source'], lasting: number, passing: number): Sign => ({
  code,
  tier,
  source,
  lasting,
  passing,
});

/** Everything that is looked for, by the codes of the signal registry. Rates are assumptions; docs/fraud-simulator.md says why. */
export const signs: readonly Sign[] = [
  sign('root.suBinary', 'login', 'native', 0.008, 0),
  sign('root.magisk', 'login', 'native', 0.005, 0),
  sign('root.hiding', 'login', 'native', 0.001, 0),
  sign('root.bootloaderUnlocked', 'launch', 'native', 0.01, 0),
  sign('hook.frida', 'launch', 'native', 0.0001, 0),
  sign('hook.xposed', 'launch', 'native', 0.0015, 0),
  sign('hook.inlineHook', 'login', 'native', 0.00015, 0),
  sign('hook.codeMismatch', 'login', 'native', 0, 0.0001),
  sign('hook.nativeToString', 'launch', 'web', 0.0005, 0.0003),
  sign('hook.networkPatched', 'login', 'web', 0.002, 0.001),
  sign('hook.mediaPatched', 'login', 'web', 0.0002, 0),
  sign('emulator.known', 'launch', 'native', 0.0002, 0),
  sign('emulator.cloudPhone', 'login', 'native', 0.0002, 0),
  sign('emulator.softwareGpu', 'login', 'web', 0.0006, 0),
  sign('emulator.sensorsSilent', 'login', 'native', 0.001, 0.001),
  sign('debugger.attached', 'launch', 'native', 0, 0.0001),
  sign('debugger.developerMode', 'login', 'native', 0.035, 0),
  sign('debugger.adb', 'login', 'native', 0.012, 0),
  sign('repackaging.signer', 'launch', 'native', 0, 0),
  sign('repackaging.installer', 'launch', 'native', 0.01, 0),
  sign('repackaging.codeDigest', 'launch', 'native', 0, 0),
  sign('repackaging.pageDigest', 'launch', 'web', 0, 0.00005),
  sign('host.container', 'launch', 'native', 0.00015, 0),
  sign('host.foreignPath', 'launch', 'native', 0.00015, 0),
  sign('rom.custom', 'login', 'native', 0.005, 0),
  sign('rom.oldPatch', 'launch', 'native', 0.12, 0),
  sign('rom.freshReset', 'bind', 'native', 0, 0.001),
  sign('screen.recorded', 'login', 'native', 0, 0.004),
  sign('screen.mirrored', 'login', 'native', 0, 0.0015),
  sign('screen.shared', 'login', 'native', 0, 0.001),
  sign('screen.remoteControl', 'login', 'native', 0.0005, 0.0003),
  sign('screen.overlay', 'login', 'native', 0.004, 0.002),
  sign('accessibility.unknownService', 'login', 'native', 0.02, 0),
  sign('accessibility.injectedTouch', 'login', 'native', 0.001, 0.0005),
  sign('accessibility.evenKeys', 'login', 'web', 0, 0.001),
  sign('accessibility.autoClicker', 'login', 'native', 0.002, 0),
  sign('accessibility.pastedPayee', 'pay', 'web', 0, 0.04),
  sign('network.vpn', 'login', 'native', 0.04, 0.01),
  sign('network.proxy', 'login', 'native', 0.008, 0.002),
  sign('network.userCertificates', 'login', 'native', 0.004, 0),
  sign('instance.systemClone', 'login', 'native', 0.02, 0),
  sign('instance.appClone', 'login', 'native', 0.004, 0),
  sign('instance.workProfile', 'login', 'native', 0.012, 0),
  sign('automation.webdriver', 'launch', 'web', 0.0001, 0),
  sign('automation.headless', 'launch', 'web', 0.0001, 0.0001),
  sign('place.mockLocation', 'bind', 'native', 0.003, 0.0005),
  sign('camera.virtual', 'bind', 'native', 0.001, 0),
  sign('camera.injectedStream', 'bind', 'native', 0, 0),
  sign('telephony.noSim', 'bind', 'native', 0.02, 0.002),
  sign('telephony.simChanged', 'bind', 'native', 0, 0.001),
  sign('telephony.callForwarding', 'bind', 'native', 0.004, 0),
  sign('telephony.callInProgress', 'pay', 'native', 0, 0.006),
  sign('farm.poweredAlwaysOn', 'login', 'native', 0.004, 0.006),
  sign('farm.noLock', 'login', 'native', 0.03, 0),
  sign('farm.still', 'login', 'native', 0.002, 0.05),
  sign('identity.storageWiped', 'launch', 'web', 0, 0.003),
  sign('identity.canvasNoise', 'login', 'web', 0.004, 0),
];

const tierRank: Readonly<Record<Tier, number>> = { launch: 0, login: 1, bind: 2, pay: 3 };

/** Whether a scene of one tier may collect what another needs. */
export const reaches = (scene: Tier, needed: Tier): boolean => tierRank[scene] >= tierRank[needed];

/** The signs that a scene looks for, on a client with a native half or a page alone. */
export const signsOf = (scene: Tier, isNative: boolean): readonly Sign[] =>
  signs.filter(({ tier, source }) => reaches(scene, tier) && (isNative || source === 'web'));
