/** The surfaces of mini-programs: the functions of the host's object, `wx` or `my`. */
import { readSurfaces, type Surface, type SurfaceRow } from './surface.ts';

const nameOf = (path: string): string => path;

const wxRows: readonly SurfaceRow[] = [
  ['mini', '-', 'auth deny', 'getLocation startLocationUpdate startLocationUpdateBackground chooseLocation choosePoi'],
  [
    'mini',
    '-',
    'auth deny',
    'getFuzzyLocation getUserProfile getUserInfo login checkSession chooseAddress chooseContact',
  ],
  ['mini', '-', 'auth deny', 'chooseMedia chooseImage chooseVideo scanCode chooseMessageFile startRecord joinVoIPChat'],
  ['mini', '-', 'auth deny', 'getWeRunData startAccelerometer startGyroscope startCompass startDeviceMotionListening'],
  ['mini', '-', 'auth deny', 'openBluetoothAdapter startBluetoothDevicesDiscovery startBeaconDiscovery'],
  ['mini', '-', 'auth deny', 'startWifi getConnectedWifi getLocalIPAddress getNetworkType getBatteryInfo'],
  ['mini', '-', 'auth deny', 'getSystemInfo getSystemInfoAsync startSoterAuthentication checkIsSoterEnrolledInDevice'],
  [
    'mini',
    '-',
    'auth deny',
    'addPhoneCalendar addPhoneRepeatCalendar chooseInvoiceTitle chooseInvoice chooseLicensePlate',
  ],
  ['mini', 'text', 'auth deny', 'getClipboardData getStorage'],
  ['mini', 'list', 'auth deny', 'getBluetoothDevices getWifiList getStorageInfo'],
  ['sync', 'text', '=', 'getStorageSync'],
  ['sync', 'object', '=', 'getSystemInfoSync getDeviceInfo getWindowInfo getAppBaseInfo getSystemSetting'],
  ['sync', 'object', '=', 'getStorageInfoSync getBatteryInfoSync'],
  ['listener', 'undefined', '=', 'onLocationChange onNetworkStatusChange'],
  ['sync', '-', 'auth deny', 'createCameraContext getRecorderManager createMediaRecorder getFileSystemManager'],
  ['>mini', '-', 'auth deny', 'request uploadFile downloadFile connectSocket navigateToMiniProgram'],
  ['mini', 'undefined', 'auth deny', 'sendSocketMessage'],
  ['sync', '-', 'auth deny', 'createUDPSocket createTCPSocket'],
];

const myRows: readonly SurfaceRow[] = [
  ['mini', '-', 'auth deny', 'getLocation chooseLocation startContinuousLocation getOpenUserInfo getAuthCode'],
  ['mini', '-', 'auth deny', 'getPhoneNumber getAddress choosePhoneContact chooseAlipayContact chooseContact'],
  ['mini', '-', 'auth deny', 'chooseImage chooseVideo scan chooseFileFromDisk getRunData openBluetoothAdapter'],
  ['mini', '-', 'auth deny', 'startBluetoothDevicesDiscovery startBeaconDiscovery startWifi getConnectedWifi'],
  ['mini', '-', 'auth deny', 'getNetworkType getSystemInfo getBatteryInfo'],
  ['mini', 'text', 'auth deny', 'getClipboard getStorage'],
  ['mini', 'list', 'auth deny', 'getBluetoothDevices getWifiList getStorageInfo'],
  ['sync', 'object', '=', 'getSystemInfoSync getStorageSync getStorageInfoSync getBatteryInfoSync'],
  ['listener', 'undefined', '=', 'onAccelerometerChange onGyroscopeChange onCompassChange watchShake'],
  ['listener', 'undefined', '=', 'onNetworkStatusChange'],
  ['sync', '-', 'auth deny', 'createCameraContext getRecorderManager getFileSystemManager'],
  ['>mini', '-', 'auth deny', 'request httpRequest uploadFile downloadFile connectSocket navigateToMiniProgram'],
  ['mini', 'undefined', 'auth deny', 'sendSocketMessage'],
];

/** Every surface of WeChat's mini-programs. */
export const wxSurfaces: readonly Surface[] = readSurfaces('wx', wxRows, nameOf);
/** Every surface of Alipay's mini-programs. */
export const mySurfaces: readonly Surface[] = readSurfaces('my', myRows, nameOf);
