/** The functions and properties that yield personal data, as an app's code writes them, and what they yield. */
import type { DataItemId } from './data-items.ts';

/** Where code runs. `wx` and `my` are the mini-program hosts of WeChat and Alipay. */
export const apiPlatforms = ['web', 'wx', 'my', 'react-native'] as const;
/** web, wx, my or react-native. */
export type ApiPlatform = (typeof apiPlatforms)[number];

/** One sensitive function or property. */
export interface SensitiveApi {
  /** `platform:name`. */
  readonly id: string;
  readonly platform: ApiPlatform;
  readonly name: string;
  readonly yields: readonly DataItemId[];
}

type Table = readonly (readonly [items: readonly DataItemId[], names: string])[];

const web: Table = [
  [['precise-location'], 'navigator.geolocation.getCurrentPosition navigator.geolocation.watchPosition'],
  [['video', 'audio'], 'navigator.mediaDevices.getUserMedia navigator.mediaDevices.getDisplayMedia'],
  [['media-device-list'], 'navigator.mediaDevices.enumerateDevices'],
  [['clipboard'], 'navigator.clipboard.read navigator.clipboard.readText DataTransfer.prototype.getData'],
  [['contacts'], 'navigator.contacts.select'],
  [['bluetooth-neighbours'], 'navigator.bluetooth.requestDevice navigator.bluetooth.getDevices'],
  [
    ['device-profile'],
    'navigator.usb.requestDevice navigator.usb.getDevices navigator.hid.requestDevice navigator.hid.getDevices',
  ],
  [['device-profile'], 'navigator.serial.requestPort navigator.serial.getPorts NDEFReader.prototype.scan'],
  [['motion-sensor'], 'Accelerometer.prototype.start Gyroscope.prototype.start Magnetometer.prototype.start'],
  [['motion-sensor'], 'LinearAccelerationSensor.prototype.start AbsoluteOrientationSensor.prototype.start'],
  [['motion-sensor'], 'DeviceMotionEvent.requestPermission DeviceOrientationEvent.requestPermission'],
  [['battery'], 'navigator.getBattery'],
  [['files'], 'showOpenFilePicker showDirectoryPicker showSaveFilePicker FileReader.prototype.readAsArrayBuffer'],
  [
    ['files'],
    'FileReader.prototype.readAsDataURL FileReader.prototype.readAsText FileReader.prototype.readAsBinaryString',
  ],
  [['installation-id'], 'Document.prototype.cookie cookieStore.get cookieStore.getAll Storage.prototype.getItem'],
  [['installation-id'], 'indexedDB.open indexedDB.databases caches.match caches.open navigator.storage.getDirectory'],
  [['rendering-profile'], 'HTMLCanvasElement.prototype.toDataURL HTMLCanvasElement.prototype.toBlob'],
  [
    ['rendering-profile'],
    'CanvasRenderingContext2D.prototype.getImageData CanvasRenderingContext2D.prototype.measureText',
  ],
  [['rendering-profile'], 'WebGLRenderingContext.prototype.getParameter WebGL2RenderingContext.prototype.getParameter'],
  [['rendering-profile'], 'WebGLRenderingContext.prototype.readPixels WebGL2RenderingContext.prototype.readPixels'],
  [
    ['rendering-profile'],
    'WebGLRenderingContext.prototype.getSupportedExtensions OffscreenCanvas.prototype.convertToBlob',
  ],
  [['rendering-profile'], 'OfflineAudioContext.prototype.startRendering AnalyserNode.prototype.getFloatFrequencyData'],
  [['rendering-profile'], 'queryLocalFonts document.fonts.check navigator.gpu.requestAdapter'],
  [['network-address'], 'RTCPeerConnection RTCPeerConnection.prototype.createOffer navigator.connection'],
  [['device-profile'], 'navigator.userAgent navigator.userAgentData.getHighEntropyValues navigator.platform'],
  [['device-profile'], 'navigator.hardwareConcurrency navigator.deviceMemory navigator.languages navigator.plugins'],
  [['device-profile'], 'screen.width screen.height screen.colorDepth devicePixelRatio speechSynthesis.getVoices'],
  [['installed-apps'], 'navigator.getInstalledRelatedApps'],
  [['browsing-history'], 'Document.prototype.referrer history.length'],
  [['audio'], 'SpeechRecognition.prototype.start MediaRecorder.prototype.start'],
  [['video'], 'ImageCapture.prototype.takePhoto ImageCapture.prototype.grabFrame BarcodeDetector.prototype.detect'],
  [['account-password'], 'navigator.credentials.get'],
  [['one-time-code'], 'OTPCredential'],
  [['name', 'postal-address', 'phone-number', 'email'], 'PaymentRequest.prototype.show'],
];

const wx: Table = [
  [
    ['precise-location'],
    'getLocation startLocationUpdate startLocationUpdateBackground onLocationChange chooseLocation choosePoi',
  ],
  [['coarse-location'], 'getFuzzyLocation'],
  [['account-profile'], 'getUserProfile getUserInfo'],
  [['platform-open-id'], 'login checkSession'],
  [['postal-address', 'name', 'phone-number'], 'chooseAddress'],
  [['contacts'], 'chooseContact'],
  [['images', 'video'], 'chooseMedia chooseImage chooseVideo createCameraContext scanCode'],
  [['files'], 'chooseMessageFile getFileSystemManager'],
  [['audio'], 'startRecord getRecorderManager createMediaRecorder joinVoIPChat'],
  [['clipboard'], 'getClipboardData'],
  [['health'], 'getWeRunData'],
  [['motion-sensor'], 'startAccelerometer startGyroscope startCompass startDeviceMotionListening'],
  [
    ['bluetooth-neighbours'],
    'openBluetoothAdapter startBluetoothDevicesDiscovery getBluetoothDevices startBeaconDiscovery',
  ],
  [['wifi-network'], 'startWifi getConnectedWifi getWifiList'],
  [['network-address'], 'getNetworkType getLocalIPAddress onNetworkStatusChange'],
  [
    ['device-profile'],
    'getSystemInfo getSystemInfoSync getSystemInfoAsync getDeviceInfo getWindowInfo getAppBaseInfo getSystemSetting',
  ],
  [['battery'], 'getBatteryInfo getBatteryInfoSync'],
  [['installation-id'], 'getStorage getStorageSync getStorageInfo getStorageInfoSync'],
  [['fingerprint', 'face'], 'startSoterAuthentication checkIsSoterEnrolledInDevice'],
  [['calendar'], 'addPhoneCalendar addPhoneRepeatCalendar'],
  [['account-number', 'name', 'phone-number'], 'chooseInvoiceTitle chooseInvoice chooseLicensePlate'],
];

const my: Table = [
  [['precise-location'], 'getLocation chooseLocation startContinuousLocation'],
  [['account-profile'], 'getOpenUserInfo'],
  [['platform-open-id'], 'getAuthCode'],
  [['phone-number'], 'getPhoneNumber'],
  [['postal-address', 'name', 'phone-number'], 'getAddress'],
  [['contacts'], 'choosePhoneContact chooseAlipayContact chooseContact'],
  [['images', 'video'], 'chooseImage chooseVideo scan createCameraContext'],
  [['audio'], 'getRecorderManager'],
  [['files'], 'getFileSystemManager chooseFileFromDisk'],
  [['clipboard'], 'getClipboard'],
  [['health'], 'getRunData'],
  [['motion-sensor'], 'onAccelerometerChange onGyroscopeChange onCompassChange watchShake'],
  [
    ['bluetooth-neighbours'],
    'openBluetoothAdapter startBluetoothDevicesDiscovery getBluetoothDevices startBeaconDiscovery',
  ],
  [['wifi-network'], 'startWifi getConnectedWifi getWifiList'],
  [['network-address'], 'getNetworkType onNetworkStatusChange'],
  [['device-profile'], 'getSystemInfo getSystemInfoSync'],
  [['battery'], 'getBatteryInfo getBatteryInfoSync'],
  [['installation-id'], 'getStorage getStorageSync getStorageInfo getStorageInfoSync'],
];

const reactNative: Table = [
  [['precise-location'], 'Geolocation.getCurrentPosition Geolocation.watchPosition'],
  [['clipboard'], 'Clipboard.getString Clipboard.getImage'],
  [['contacts'], 'Contacts.getAll Contacts.getContactsMatchingString Contacts.getContactById'],
  [
    ['images', 'video'],
    'CameraRoll.getPhotos CameraRoll.getAlbums ImagePicker.launchCamera ImagePicker.launchImageLibrary',
  ],
  [['files'], 'DocumentPicker.pick'],
  [['android-id'], 'DeviceInfo.getUniqueId DeviceInfo.getUniqueIdSync DeviceInfo.getAndroidId'],
  [['mac-address'], 'DeviceInfo.getMacAddress DeviceInfo.getMacAddressSync'],
  [['serial-number'], 'DeviceInfo.getSerialNumber DeviceInfo.getSerialNumberSync'],
  [['installation-id'], 'DeviceInfo.getInstanceId AsyncStorage.getItem AsyncStorage.multiGet'],
  [['phone-number'], 'DeviceInfo.getPhoneNumber DeviceInfo.getPhoneNumberSync'],
  [['network-address'], 'DeviceInfo.getIpAddress DeviceInfo.getCarrier NetInfo.fetch'],
  [['device-profile'], 'DeviceInfo.getModel DeviceInfo.getDeviceName DeviceInfo.getUserAgent Dimensions.get'],
  [['battery'], 'DeviceInfo.getBatteryLevel DeviceInfo.getPowerState'],
];

const tables: Readonly<Record<ApiPlatform, Table>> = { web, wx, my, 'react-native': reactNative };

const apisOf = (platform: ApiPlatform): readonly SensitiveApi[] =>
  tables[platform].flatMap(([yields, names]) =>
    names.split(' ').map((name) => ({ id: `${platform}:${name}`, platform, name, yields })),
  );

/** Every sensitive function and property, in the order of the platforms. */
export const sensitiveApis: readonly SensitiveApi[] = apiPlatforms.flatMap(apisOf);

const byId: ReadonlyMap<string, SensitiveApi> = new Map(sensitiveApis.map((api) => [api.id, api]));

/** The sensitive function of an id such as `wx:getLocation`; undefined for any other. */
export const sensitiveApiOf = (id: string): SensitiveApi | undefined => byId.get(id);
