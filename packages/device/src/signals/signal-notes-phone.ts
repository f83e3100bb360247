/** What signals of the phone, its system and the app mean. Each: what it says, who shows it and is honest, and names that others have for it. */

import type { Note } from './signal-registry.ts';
import type { SignalCode } from './signal-rules.ts';

/** By code. */
export const phoneNotes: Readonly<Partial<Record<SignalCode, Note>>> = {
  'root.suBinary': [
    'a program that gives root stands in the search path',
    "developers' own phones; some maker test builds",
    'freeRASP privilegedAccess; Fingerprint rootApps',
  ],
  'root.jailbreak': [
    'files or schemes that only a jailbroken iOS has',
    'security researchers',
    'freeRASP privilegedAccess; Fingerprint jailbroken',
  ],
  'root.magisk': [
    'Magisk, its modules or its mounts',
    'people who remove advertisements for the whole phone',
    'freeRASP privilegedAccess',
  ],
  'root.kernelSu': ['a kernel with KernelSU or APatch', 'as with Magisk', 'freeRASP privilegedAccess'],
  'root.hiding': ['traces of a tool that hides root from apps', 'rare: whoever hides it knows why'],
  'root.writableSystem': ['a system partition that can be written', 'maker service builds'],
  'root.selinuxPermissive': ['SELinux does not enforce', 'old custom systems'],
  'root.bootloaderUnlocked': [
    'the attested boot loader is unlocked',
    "custom systems on own phones; a maker's developer phones",
  ],
  'root.bootUnverified': ['the attested boot state is not verified', 'a failed update, until it is repeated'],
  'hook.frida': [
    "Frida's server, agent, ports or threads",
    'researchers; automated tests of the bank itself',
    'freeRASP hooks; Fingerprint frida',
  ],
  'hook.xposed': [
    'Xposed, LSPosed or a fork in the process',
    'phones with harmless modules for looks',
    'freeRASP hooks',
  ],
  'hook.substrate': ['Substrate or Substitute in the process', 'jailbroken phones with tweaks', 'freeRASP hooks'],
  'hook.injectedLibrary': [
    'a library in the process that the app did not bring',
    'keyboards and screen readers of a maker',
  ],
  'hook.inlineHook': [
    'first instructions of a function of the platform were changed',
    'makers that patch their own libraries',
  ],
  'hook.codeMismatch': ['code in memory differs from code in the package', 'instant run of development tools'],
  'hook.memoryScan': ['somebody reads or scans the memory of the process', "makers' own memory cleaners"],
  'hook.nativeToString': [
    'a function of the platform whose text is not native code',
    'content blockers and polyfills that do not hide',
  ],
  'hook.descriptor': [
    'a property of the platform whose descriptor a browser never makes',
    'polyfills for old browsers',
  ],
  'hook.prototype': [
    'an object of the platform with a foreign prototype or own members',
    'extensions that add to the navigator',
  ],
  'hook.getterTrap': [
    'a getter of the platform that answers on a foreign object, or fails unlike a native one',
    'privacy extensions',
  ],
  'hook.realmDisagrees': [
    'a fresh frame tells another value than the page',
    'extensions that change the top page only',
  ],
  'hook.workerDisagrees': [
    'a worker tells another value than the page',
    'a browser that is just changing its language',
  ],
  'hook.mediaPatched': ["getUserMedia or enumerateDevices is not the browser's", 'video plug-ins of a desktop'],
  'hook.networkPatched': [
    "fetch or XMLHttpRequest is not the browser's",
    'monitoring scripts that the app itself brings',
  ],
  'emulator.known': [
    'build properties of an emulator that is known',
    'developers; testers',
    'freeRASP simulator; Fingerprint emulator',
  ],
  'emulator.drivers': [
    'drivers, devices or a processor that only emulators have',
    'x86 phones and Chromebooks',
    'freeRASP simulator; Fingerprint emulator',
  ],
  'emulator.cloudPhone': [
    'properties of a phone that somebody rents in a data centre',
    'people who play games in the cloud',
    'Fingerprint virtualMachine',
  ],
  'emulator.developmentBoard': ['a bare board in the place of a phone', 'point-of-sale terminals'],
  'emulator.softwareGpu': [
    'the picture is made by software (SwiftShader, llvmpipe)',
    'old computers, remote desktops, browsers without a graphics driver',
    'Fingerprint virtualMachine',
  ],
  'emulator.oddHardware': [
    'cores, memory, touch points and screen that no device has together',
    'browsers that round for privacy',
  ],
  'emulator.sensorsSilent': [
    'motion sensors of a phone that never change',
    'a phone on a table, until it is lifted; pages without the permission',
  ],
  'emulator.softwareKeys': [
    'a phone whose key store is software alone',
    'very old or cheap phones',
    'freeRASP secureHardwareNotAvailable',
  ],
  'debugger.attached': ['a debugger is attached to the process', 'developers', 'freeRASP debug'],
  'debugger.traced': ['the process is traced', 'crash reporters while they write a report', 'freeRASP debug'],
  'debugger.timing': ['a statement took as long as only a breakpoint makes it', 'a phone that was just put to sleep'],
  'debugger.developerTools': [
    'developer tools of the browser are open',
    'curious customers; developers',
    'Fingerprint developerTools',
  ],
  'debugger.developerMode': [
    'developer options are on',
    'many harmless phones: tells, and hardly counts',
    'freeRASP devMode; Fingerprint developerTools',
  ],
  'debugger.adb': [
    'debugging over USB is on',
    'developers; people who were told to switch it on by a shop',
    'freeRASP adbEnabled',
  ],
  'debugger.adbOverNetwork': ['debugging over the network is on', 'television boxes'],
  'repackaging.signer': [
    "the attested signer of the app is not the maker's",
    'none where hardware attests it',
    'freeRASP appIntegrity; Fingerprint tampering',
  ],
  'repackaging.package': [
    "the attested package is not the maker's",
    'none where hardware attests it',
    'freeRASP appIntegrity',
  ],
  'repackaging.installer': [
    'the app came from no store that the maker uses',
    'shops of countries without the usual store; a phone that was set up from another',
    'freeRASP unofficialStore',
  ],
  'repackaging.oldVersion': ['a version below the floor', 'people who never update'],
  'repackaging.debugBuild': ['a development build', "the bank's own testers", 'freeRASP appIntegrity'],
  'repackaging.codeDigest': [
    "the digest of the code differs from the release's",
    'a delta update that just ran',
    'freeRASP appIntegrity',
  ],
  'repackaging.pageDigest': [
    "the digest of the page's scripts differs from the release's",
    'an intermediate that still serves the release before',
  ],
  'repackaging.withoutApp': [
    'calls that only the app makes, without its envelope',
    'a route that was just protected, while old apps live',
  ],
  'host.container': [
    'the app runs inside another app',
    "a maker's own dual-app feature",
    'freeRASP multiInstance; Fingerprint clonedApp',
  ],
  'host.foreignPath': [
    "the app's files lie in another app's folder",
    'adopted storage cards',
    'freeRASP multiInstance',
  ],
  'host.foreignUid': [
    "other packages run under the app's user id",
    'apps of one maker that share an id',
    'freeRASP multiInstance',
  ],
  'host.foreignFrame': ['the page is framed by a stranger', 'partners that were not listed'],
  'host.foreignWebView': ["a web view that is not the app's", 'links that a messenger opens itself'],
  'rom.custom': ['a system that the maker did not build', 'people who keep old phones alive'],
  'rom.testKeys': ['the system is signed with public test keys', 'very cheap phones'],
  'rom.selfSigned': ["the attested system is signed by its owner's key", 'GrapheneOS and the like: careful people'],
  'rom.oldPatch': ['the attested patch level is old', 'most phones after three years: hardly counts'],
  'rom.lowBootCount': ['the phone was started a handful of times', 'new phones'],
  'rom.freshReset': ['the phone was reset a short while ago', 'new and second-hand phones', 'Fingerprint factoryReset'],
};
