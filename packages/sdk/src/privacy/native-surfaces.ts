/** The surfaces of React Native: methods of native modules, as the usual packages register them. */
import { readSurfaces, type Surface, type SurfaceRow } from './surface.ts';

const rows: readonly SurfaceRow[] = [
  ['position', 'timeout', 'PERMISSION_DENIED', 'RNCGeolocation.getCurrentPosition=Geolocation.getCurrentPosition'],
  ['sync', 'undefined', '=', 'RNCGeolocation.startObserving=Geolocation.watchPosition'],
  [
    'promise',
    'text',
    'denied',
    'RNCClipboard.getString=Clipboard.getString RNCClipboard.getImagePNG=Clipboard.getImage',
  ],
  ['promise', 'list', 'denied', 'RCTContacts.getAll=Contacts.getAll'],
  ['promise', 'list', 'denied', 'RCTContacts.getContactsMatchingString=Contacts.getContactsMatchingString'],
  ['promise', 'null', 'denied', 'RCTContacts.getContactById=Contacts.getContactById'],
  ['promise', '-', 'denied', 'RNCCameraRoll.getPhotos=CameraRoll.getPhotos'],
  ['promise', 'list', 'denied', 'RNCCameraRoll.getAlbums=CameraRoll.getAlbums'],
  ['callback', 'object', 'denied', 'ImagePicker.launchCamera ImagePicker.launchImageLibrary'],
  ['promise', '-', 'denied', 'RNDocumentPicker.pick=DocumentPicker.pick'],
  ['promise', 'text', '=', 'RNDeviceInfo.getUniqueId=DeviceInfo.getUniqueId'],
  ['sync', 'text', '=', 'RNDeviceInfo.getUniqueIdSync=DeviceInfo.getUniqueIdSync'],
  ['promise', 'text', '=', 'RNDeviceInfo.getAndroidId=DeviceInfo.getAndroidId'],
  ['promise', 'text', '=', 'RNDeviceInfo.getMacAddress=DeviceInfo.getMacAddress'],
  ['sync', 'text', '=', 'RNDeviceInfo.getMacAddressSync=DeviceInfo.getMacAddressSync'],
  ['promise', 'text', '=', 'RNDeviceInfo.getSerialNumber=DeviceInfo.getSerialNumber'],
  ['sync', 'text', '=', 'RNDeviceInfo.getSerialNumberSync=DeviceInfo.getSerialNumberSync'],
  ['promise', 'text', '=', 'RNDeviceInfo.getInstanceId=DeviceInfo.getInstanceId'],
  ['promise', 'text', '=', 'RNDeviceInfo.getPhoneNumber=DeviceInfo.getPhoneNumber'],
  ['sync', 'text', '=', 'RNDeviceInfo.getPhoneNumberSync=DeviceInfo.getPhoneNumberSync'],
  [
    'promise',
    'text',
    '=',
    'RNDeviceInfo.getIpAddress=DeviceInfo.getIpAddress RNDeviceInfo.getCarrier=DeviceInfo.getCarrier',
  ],
  ['promise', 'text', '=', 'RNDeviceInfo.getDeviceName=DeviceInfo.getDeviceName'],
  ['promise', 'text', '=', 'RNDeviceInfo.getUserAgent=DeviceInfo.getUserAgent'],
  ['promise', 'zero', '=', 'RNDeviceInfo.getBatteryLevel=DeviceInfo.getBatteryLevel'],
  ['promise', 'object', '=', 'RNDeviceInfo.getPowerState=DeviceInfo.getPowerState'],
  ['promise', 'list', 'denied', 'RNCAsyncStorage.multiGet=AsyncStorage.multiGet'],
  ['promise', 'object', '=', 'RNCNetInfo.getCurrentState=NetInfo.fetch'],
  ['>sync', 'undefined', '=', 'Networking.sendRequest WebSocketModule.connect'],
  ['sync', 'undefined', '=', 'WebSocketModule.send'],
  ['>promise', 'undefined', 'denied', 'LinkingManager.openURL=Linking.openURL IntentAndroid.openURL=Linking.openURL'],
];

/** Every surface of React Native. */
export const nativeSurfaces: readonly Surface[] = readSurfaces('react-native', rows, (path) => path);
