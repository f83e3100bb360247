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
  /** Nothing for a way out: where it leads is judged, and its name tells nothing of what goes through. */
  readonly yields: readonly DataItemId[];
  /** Whether data leaves the app through it. */
  readonly isExit: boolean;
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
  [
    ['motion-sensor'],
    'Accelerometer LinearAccelerationSensor GravitySensor Gyroscope Magnetometer Sensor.prototype.start',
  ],
  [['motion-sensor'], 'AbsoluteOrientationSensor RelativeOrientationSensor AmbientLightSensor'],
  [['motion-sensor'], 'event.devicemotion event.deviceorientation event.deviceorientationabsolute'],
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
  [['bluetooth-neighbours'], 'navigator.bluetooth.requestLEScan navigator.bluetooth.getAvailability'],
  [['device-profile'], 'navigator.xr.isSessionSupported navigator.xr.requestSession NDEFReader.prototype.write'],
  [['device-profile'], 'navigator.getGamepads event.gamepadconnected navigator.requestMIDIAccess'],
  [['media-device-list'], 'navigator.mediaDevices.selectAudioOutput navigator.mediaDevices.getSupportedConstraints'],
  [['media-device-list'], 'MediaStreamTrack.prototype.getSettings MediaStreamTrack.prototype.getCapabilities'],
  [['media-device-list'], 'MediaStreamTrack.prototype.label'],
  [['images'], 'FaceDetector.prototype.detect EyeDropper.prototype.open HTMLCanvasElement.prototype.captureStream'],
  [['clipboard'], 'navigator.clipboard.write navigator.clipboard.writeText event.paste event.copy event.cut'],
  [['clipboard', 'files'], 'DataTransfer.prototype.files DataTransfer.prototype.items DataTransfer.prototype.types'],
  [['contacts'], 'navigator.contacts.getProperties'],
  [['files'], 'FileSystemFileHandle.prototype.getFile FileSystemFileHandle.prototype.createWritable'],
  [['files'], 'Blob.prototype.arrayBuffer Blob.prototype.text HTMLInputElement.prototype.files'],
  [['installation-id'], 'Document.prototype.cookie.set cookieStore.set cookieStore.delete localStorage sessionStorage'],
  [['installation-id'], 'Storage.prototype.key Storage.prototype.setItem Storage.prototype.removeItem'],
  [['installation-id'], 'Storage.prototype.clear Storage.prototype.length indexedDB.deleteDatabase'],
  [
    ['installation-id'],
    'IDBObjectStore.prototype.get IDBObjectStore.prototype.getAll IDBObjectStore.prototype.getAllKeys',
  ],
  [
    ['installation-id'],
    'IDBObjectStore.prototype.getKey IDBObjectStore.prototype.openCursor IDBObjectStore.prototype.count',
  ],
  [['installation-id'], 'IDBObjectStore.prototype.put IDBObjectStore.prototype.add'],
  [['installation-id'], 'IDBIndex.prototype.get IDBIndex.prototype.getAll caches.keys Cache.prototype.match'],
  [['installation-id'], 'Cache.prototype.keys Cache.prototype.matchAll Cache.prototype.put'],
  [['installation-id'], 'navigator.storageBuckets.open navigator.storageBuckets.keys navigator.storage.estimate'],
  [
    ['installation-id'],
    'navigator.storage.persist navigator.storage.persisted Document.prototype.requestStorageAccess',
  ],
  [['installation-id'], 'PushManager.prototype.subscribe PushManager.prototype.getSubscription'],
  [
    ['rendering-profile'],
    'OffscreenCanvasRenderingContext2D.prototype.getImageData OffscreenCanvasRenderingContext2D.prototype.measureText',
  ],
  [['rendering-profile'], 'WebGLRenderingContext.prototype.getExtension WebGL2RenderingContext.prototype.getExtension'],
  [['rendering-profile'], 'WebGL2RenderingContext.prototype.getSupportedExtensions'],
  [
    ['rendering-profile'],
    'WebGLRenderingContext.prototype.getShaderPrecisionFormat WebGL2RenderingContext.prototype.getShaderPrecisionFormat',
  ],
  [['rendering-profile'], 'AudioBuffer.prototype.getChannelData AudioBuffer.prototype.copyFromChannel'],
  [['rendering-profile'], 'AnalyserNode.prototype.getByteFrequencyData AnalyserNode.prototype.getFloatTimeDomainData'],
  [['rendering-profile'], 'AnalyserNode.prototype.getByteTimeDomainData document.fonts.load'],
  [['device-profile'], 'navigator.appVersion navigator.vendor navigator.productSub navigator.language'],
  [['device-profile'], 'navigator.mimeTypes navigator.userAgentData navigator.maxTouchPoints'],
  [['device-profile'], 'navigator.pdfViewerEnabled navigator.webdriver navigator.cookieEnabled navigator.doNotTrack'],
  [['device-profile'], 'navigator.userAgentData.brands navigator.userAgentData.mobile'],
  [['device-profile'], 'navigator.userAgentData.platform navigator.userAgentData.toJSON'],
  [['network-address'], 'navigator.connection.downlink navigator.connection.rtt navigator.connection.effectiveType'],
  [['device-profile'], 'navigator.requestMediaKeySystemAccess navigator.mediaCapabilities.decodingInfo'],
  [['device-profile'], 'navigator.keyboard.getLayoutMap screen.availWidth screen.availHeight screen.pixelDepth'],
  [['device-profile'], 'screen.isExtended outerWidth outerHeight screenX screenY getScreenDetails'],
  [['device-profile'], 'Intl.DateTimeFormat.prototype.resolvedOptions navigator.permissions.query'],
  [['device-profile'], 'IdleDetector.prototype.start IdleDetector.requestPermission'],
  [['device-profile'], 'Notification Notification.permission Notification.requestPermission'],
  [['device-profile'], 'PushManager.prototype.permissionState'],
  [['account-password'], 'navigator.credentials.create navigator.credentials.store'],
  [['device-profile'], 'PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable'],
  [['device-profile'], 'PublicKeyCredential.isConditionalMediationAvailable PaymentRequest.prototype.canMakePayment'],
  [['name', 'postal-address', 'phone-number', 'email'], 'PaymentRequest'],
  [['network-address'], 'RTCPeerConnection.prototype.createAnswer RTCPeerConnection.prototype.setLocalDescription'],
  [['network-address'], 'RTCPeerConnection.prototype.getStats RTCPeerConnection.prototype.createDataChannel'],
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

/** Ways out of an app. */
const exits: Readonly<Record<ApiPlatform, string>> = {
  web: [
    'fetch XMLHttpRequest.prototype.open XMLHttpRequest.prototype.send navigator.sendBeacon open',
    'WebSocket WebSocket.prototype.send EventSource WebTransport RTCDataChannel.prototype.send',
    'Worker SharedWorker navigator.serviceWorker.register',
    'HTMLFormElement.prototype.submit HTMLFormElement.prototype.requestSubmit HTMLFormElement.prototype.action.set',
    'HTMLImageElement.prototype.src.set HTMLImageElement.prototype.srcset.set HTMLScriptElement.prototype.src.set',
    'HTMLIFrameElement.prototype.src.set HTMLLinkElement.prototype.href.set HTMLMediaElement.prototype.src.set',
    'HTMLSourceElement.prototype.src.set HTMLSourceElement.prototype.srcset.set HTMLEmbedElement.prototype.src.set',
    'HTMLObjectElement.prototype.data.set HTMLInputElement.prototype.src.set HTMLTrackElement.prototype.src.set',
  ].join(' '),
  wx: 'request uploadFile downloadFile connectSocket sendSocketMessage createUDPSocket createTCPSocket navigateToMiniProgram',
  my: 'request httpRequest uploadFile downloadFile connectSocket sendSocketMessage navigateToMiniProgram',
  'react-native': 'Networking.sendRequest WebSocketModule.connect WebSocketModule.send Linking.openURL',
};

const tables: Readonly<Record<ApiPlatform, Table>> = { web, wx, my, 'react-native': reactNative };

const apisOf = (platform: ApiPlatform): readonly SensitiveApi[] =>
  [...tables[platform], [[], exits[platform]] as const].flatMap(([yields, names]) =>
    names
      .split(' ')
      .map((name) => ({ id: `${platform}:${name}`, platform, name, yields, isExit: yields.length === 0 })),
  );

/** Every sensitive function and property, in the order of the platforms. */
export const sensitiveApis: readonly SensitiveApi[] = apiPlatforms.flatMap(apisOf);

const byId: ReadonlyMap<string, SensitiveApi> = new Map(sensitiveApis.map((api) => [api.id, api]));

/** The sensitive function of an id such as `wx:getLocation`; undefined for any other. */
export const sensitiveApiOf = (id: string): SensitiveApi | undefined => byId.get(id);
