/** What signals of place, number, identity, behaviour and of the report itself mean. Each: what it says, who shows it and is honest, and names that others have for it. */

import type { Note } from './signal-registry.ts';
import type { SignalCode } from './signal-rules.ts';

/** By code. */
export const worldNotes: Readonly<Partial<Record<SignalCode, Note>>> = {
  'place.mockLocation': [
    'the place comes from an app that makes it up',
    'drivers and players; never a reason alone',
    'freeRASP locationSpoofing; Fingerprint locationSpoofing',
  ],
  'place.jump': ['the place jumped', 'tunnels and aeroplanes'],
  'place.impossibleTravel': [
    'two addresses farther apart than an airliner flies',
    'VPN exits and carriers with one exit',
  ],
  'place.clockSkew': ["the phone's clock is minutes off", 'people who set it by hand', 'freeRASP timeSpoofing'],
  'place.clockStepped': [
    'the clock was set while the page ran',
    'the first synchronisation after a start',
    'freeRASP timeSpoofing',
  ],
  'place.zoneChanged': ['the time zone changed', 'travellers'],
  'place.zoneOffset': [
    'offset of the time zone in steps of fifteen minutes from twelve hours west',
    'tells, and does not count',
  ],
  'place.zoneOdd': ['name and offset of the time zone disagree', 'systems with old zone tables'],
  'camera.virtual': ['a camera that a program plays', 'people who stream'],
  'camera.constraintsOdd': ['a camera that answers constraints as no lens does', 'cheap external cameras'],
  'camera.mediaApiHooked': ['the media interfaces of the platform are changed', 'video plug-ins'],
  'camera.injectedStream': ['the picture did not come from the sensor', 'none known'],
  'telephony.noSim': ['no SIM', 'tablets and phones on Wi-Fi'],
  'telephony.simChanged': ['another SIM than at the last look', 'travellers; new contracts'],
  'telephony.airplaneMode': ['airplane mode is on', 'travellers'],
  'telephony.smsAppChanged': ['another app receives SMS than before', 'people who try one out'],
  'telephony.callForwarding': ['calls are forwarded without condition', 'offices'],
  'telephony.callInProgress': [
    'a call is on while money moves',
    'people who pay while they talk; the commonest sign of a caller who dictates',
  ],
  'telephony.carrierMismatch': ['SIM, network and region disagree', 'roaming'],
  'farm.poweredAlwaysOn': ['on power with the screen on, day and night', 'shop displays'],
  'farm.noLock': ['no screen lock', "old people's phones"],
  'farm.still': ['a phone that is used and never moves', 'phones on a stand'],
  'farm.batteryBucket': ['battery in tenths', 'tells, and does not count'],
  'farm.brightnessBucket': ['brightness in tenths', 'tells, and does not count'],
  'farm.installOrder': ['apps were installed in the order of a script', 'phones that a shop set up'],
  'farm.sharedEvidence': [
    'kinds of evidence that many phones share',
    'offices, schools, carriers: two kinds are needed',
  ],
  'farm.synchronous': ['acts at the same seconds as others', 'flash sales'],
  'farm.simChurn': ['many SIMs through one phone, or many phones with one SIM', 'repair shops'],
  'farm.provisionedOften': ['many attestation certificates for one phone in a month', 'repair shops'],
  'identity.idTampered': [
    'the id that is stored was changed',
    'restored backups',
    'freeRASP deviceID; Fingerprint tampering',
  ],
  'identity.idCollides': ['two devices with one id', 'restored backups'],
  'identity.storageWiped': [
    "the page's storage is gone and the device is known",
    'people who clear it; browsers that do',
  ],
  'identity.incognito': ['a private window', 'careful people: hardly counts', 'Fingerprint incognito'],
  'identity.impossibleModel': [
    'hardware, system and model that do not exist together',
    'new models before our table knows them',
    'Fingerprint tampering',
  ],
  'identity.agentSpoofed': ['the user agent denies what the browser is', '"desktop site"', 'Fingerprint tampering'],
  'identity.canvasNoise': [
    'the canvas answers otherwise each time',
    'privacy browsers: hardly counts',
    'Fingerprint privacySettings',
  ],
  'identity.audioNoise': [
    'the audio graph answers otherwise each time',
    'privacy browsers: hardly counts',
    'Fingerprint privacySettings',
  ],
  'identity.localeOdd': ['languages that disagree with each other', 'people with several languages'],
  'identity.coresBucket': ['number of cores, in powers of two', 'tells, and does not count'],
  'identity.memoryBucket': ['memory as the browser rounds it', 'tells, and does not count'],
  'identity.screenBucket': ['screen in steps of two hundred points, width and height', 'tells, and does not count'],
  'identity.clonedKey': [
    'one device key at two places at once',
    'none known: a key does not move',
    'freeRASP deviceBinding',
  ],
  'malware.knownPackage': [
    'a package that is known to steal, asked for by its hash',
    'lists that are wrong',
    'freeRASP malware',
  ],
  'malware.knownCertificate': [
    'a signer that is known to steal, asked for by its hash',
    'lists that are wrong',
    'freeRASP malware',
  ],
  'malware.riskyPermissions': [
    'an app that reads SMS, draws over others and is an accessibility service',
    'assistive apps of small makers',
    'freeRASP malware',
  ],
  'malware.sideloaded': ['apps may be installed from anywhere', 'countries without the usual store: hardly counts'],
  'behaviour.dormantAwake': ['silent for months, then busy', 'people who come back'],
  'behaviour.thresholdProbe': ['amounts that feel for a limit', 'people who split a bill'],
  'behaviour.trapTouched': ['something was touched that no honest client sees', 'scanners of the bank itself'],
  'behaviour.newEverything': ['new device, new payee, highest amount', 'people with a new phone who buy a car'],
  'behaviour.tooFast': ['more than hands do', 'shared terminals', 'Fingerprint velocity'],
  'client.silent': [
    'a device that reported has fallen silent, or one never reported where all should',
    'phones in a drawer',
  ],
  'client.canaryMissing': ['the report answers no question though it was asked one', 'none known'],
  'client.canaryForged': [
    'the answer is not that of what was sensed: something was taken out or added on the way',
    'a bug of an SDK of ours',
  ],
  'client.nonceForged': [
    'a nonce that this gateway never gave to this device',
    'an installation of several nodes without common keys',
  ],
  'client.nonceStale': ['a nonce older than allowed when the report was made', 'phones that were offline'],
  'client.counterStale': ['a report that came before, or a storage that was set back', 'restored backups'],
  'client.counterGap': ['reports are missing between this one and the last', 'storage that overflowed; hardly counts'],
  'client.chainBroken': [
    'the report does not know the one before it',
    'two processes of one app that share no storage',
  ],
  'client.checksMissing': ['a check that must run is neither run nor explained', 'an old SDK'],
  'client.unregistered': ['a signal was told that nobody registered', 'an SDK newer than the gateway'],
  'client.webNativeDisagree': ['page and native half deny each other', "a browser that opened an app's page"],
  'client.nativeTeeDisagree': ['the native half denies what hardware attested', 'none known'],
};
