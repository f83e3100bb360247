/** Receivers and arguments by which every surface of the web can be called in a test page. */

/** Gives the receiver right before a call; made ready beforehand, so that making it calls nothing that is watched. */
export type Receiver = () => unknown;

const always = (value: unknown): (() => Promise<Receiver>) => {
  return async () => () => value;
};
const fresh = (make: () => unknown): (() => Promise<Receiver>) => {
  return async () => {
    const made = make();
    return () => made;
  };
};

const canvas = (): HTMLCanvasElement => Object.assign(document.createElement('canvas'), { width: 8, height: 8 });
const element = (name: string): (() => Promise<Receiver>) => fresh(() => document.createElement(name));

let opened: Promise<IDBDatabase> | undefined;
const database = (): Promise<IDBDatabase> => {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open('samples', 1);
    request.onupgradeneeded = () => request.result.createObjectStore('things').createIndex('byName', 'name');
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('database'));
  });
  return opened;
};
const store = (db: IDBDatabase): IDBObjectStore => db.transaction('things', 'readwrite').objectStore('things');

let camera: Promise<MediaStream> | undefined;
const stream = (): Promise<MediaStream> => {
  camera ??= navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  return camera;
};
const registration = async (): Promise<ServiceWorkerRegistration> => {
  await navigator.serviceWorker.register('/worker.js');
  return navigator.serviceWorker.ready;
};
const fileHandle = async (): Promise<FileSystemFileHandle> =>
  (await navigator.storage.getDirectory()).getFileHandle('sample', { create: true });
const make = (name: string, ...args: readonly unknown[]): unknown =>
  Reflect.construct(
    (globalThis as unknown as Record<string, new (...input: unknown[]) => unknown>)[name] as never,
    args,
  );
const form = (): HTMLFormElement => {
  const frame = Object.assign(document.createElement('iframe'), { name: `f${Math.random()}` });
  const made = Object.assign(document.createElement('form'), { action: 'about:blank', target: frame.name });
  document.body.append(frame, made);
  return made;
};
const member = (owner: unknown, name: string): unknown => (owner as Record<string, unknown>)[name];
const payment = (): unknown =>
  new PaymentRequest([{ supportedMethods: 'https://pay.example/' }], {
    total: { label: 'x', amount: { currency: 'EUR', value: '1' } },
  });

/** How to get a receiver of an interface. */
export const receivers: Readonly<Record<string, () => Promise<Receiver>>> = {
  Navigator: always(navigator),
  Geolocation: always(navigator.geolocation),
  MediaDevices: always(navigator.mediaDevices),
  Clipboard: always(navigator.clipboard),
  Bluetooth: always(member(navigator, 'bluetooth')),
  USB: always(member(navigator, 'usb')),
  HID: always(member(navigator, 'hid')),
  Serial: always(member(navigator, 'serial')),
  XRSystem: always(member(navigator, 'xr')),
  GPU: always(member(navigator, 'gpu')),
  Keyboard: always(member(navigator, 'keyboard')),
  StorageManager: always(navigator.storage),
  StorageBucketManager: always(member(navigator, 'storageBuckets')),
  Permissions: always(navigator.permissions),
  CredentialsContainer: always(navigator.credentials),
  NavigatorUAData: always(member(navigator, 'userAgentData')),
  NetworkInformation: always(member(navigator, 'connection')),
  ServiceWorkerContainer: always(navigator.serviceWorker),
  MediaCapabilities: always(navigator.mediaCapabilities),
  IDBFactory: always(indexedDB),
  IDBObjectStore: async () => {
    const db = await database();
    return () => store(db);
  },
  IDBIndex: async () => {
    const db = await database();
    return () => store(db).index('byName');
  },
  CacheStorage: always(caches),
  Cache: async () => {
    const cache = await caches.open('samples');
    return () => cache;
  },
  CookieStore: always(member(globalThis, 'cookieStore')),
  FontFaceSet: always(document.fonts),
  SpeechSynthesis: always(speechSynthesis),
  Screen: always(screen),
  History: always(history),
  Document: always(document),
  Storage: always(localStorage),
  Sensor: fresh(() => make('Accelerometer')),
  IdleDetector: fresh(() => make('IdleDetector')),
  EyeDropper: fresh(() => make('EyeDropper')),
  SpeechRecognition: fresh(() =>
    make('SpeechRecognition' in globalThis ? 'SpeechRecognition' : 'webkitSpeechRecognition'),
  ),
  webkitSpeechRecognition: fresh(() => make('webkitSpeechRecognition')),
  PaymentRequest: fresh(payment),
  DataTransfer: fresh(() => new DataTransfer()),
  FileReader: fresh(() => new FileReader()),
  Blob: fresh(() => new Blob(['sample'])),
  XMLHttpRequest: fresh(() => {
    const request = new XMLHttpRequest();
    request.open('GET', '/answer');
    return request;
  }),
  WebSocket: async () => {
    const socket = new WebSocket(`ws://${location.host}/none`);
    await new Promise((resolve) => {
      socket.onclose = resolve;
    });
    return () => socket;
  },
  RTCPeerConnection: fresh(() => new RTCPeerConnection()),
  RTCDataChannel: fresh(() => new RTCPeerConnection().createDataChannel('sample')),
  HTMLCanvasElement: fresh(canvas),
  CanvasRenderingContext2D: fresh(() => canvas().getContext('2d')),
  OffscreenCanvas: fresh(() => {
    const made = new OffscreenCanvas(8, 8);
    made.getContext('2d');
    return made;
  }),
  OffscreenCanvasRenderingContext2D: fresh(() => new OffscreenCanvas(8, 8).getContext('2d')),
  // One of each: a page that makes many loses the first.
  WebGLRenderingContext: always(canvas().getContext('webgl')),
  WebGL2RenderingContext: always(canvas().getContext('webgl2')),
  OfflineAudioContext: fresh(() => new OfflineAudioContext(1, 64, 8000)),
  AudioBuffer: fresh(() => new AudioBuffer({ length: 64, sampleRate: 8000 })),
  AnalyserNode: fresh(() => new AnalyserNode(new OfflineAudioContext(1, 64, 8000))),
  MediaStreamTrack: async () => {
    const [track] = (await stream()).getVideoTracks();
    return () => track;
  },
  MediaRecorder: async () => {
    const recorder = new MediaRecorder(await stream());
    return () => recorder;
  },
  ImageCapture: async () => {
    const capture = make('ImageCapture', (await stream()).getVideoTracks()[0]);
    return () => capture;
  },
  PushManager: async () => {
    const { pushManager } = await registration();
    return () => pushManager;
  },
  FileSystemFileHandle: async () => {
    const handle = await fileHandle();
    return () => handle;
  },
  HTMLImageElement: element('img'),
  HTMLScriptElement: element('script'),
  HTMLIFrameElement: element('iframe'),
  HTMLLinkElement: element('link'),
  HTMLMediaElement: element('video'),
  HTMLSourceElement: element('source'),
  HTMLEmbedElement: element('embed'),
  HTMLObjectElement: element('object'),
  HTMLInputElement: element('input'),
  HTMLTrackElement: element('track'),
  HTMLFormElement: fresh(form),
  'Intl.DateTimeFormat': fresh(() => new Intl.DateTimeFormat()),
  Notification: always(globalThis.Notification),
  PublicKeyCredential: always(globalThis.PublicKeyCredential),
  DeviceMotionEvent: always(globalThis.DeviceMotionEvent),
  DeviceOrientationEvent: always(globalThis.DeviceOrientationEvent),
};

const nothing = (): void => undefined;
const push = { userVisibleOnly: true, applicationServerKey: new Uint8Array(65).fill(4) };
const blobUrl = URL.createObjectURL(new Blob([''], { type: 'text/javascript' }));

/** Arguments with which a surface is called beside none at all, by its path. */
export const samples: Readonly<Record<string, () => readonly unknown[]>> = {
  'Geolocation.prototype.getCurrentPosition': () => [nothing, nothing],
  'Geolocation.prototype.watchPosition': () => [nothing, nothing],
  'MediaDevices.prototype.getUserMedia': () => [{ audio: true }],
  'Clipboard.prototype.writeText': () => ['sample'],
  'DataTransfer.prototype.getData': () => ['text/plain'],
  'FileReader.prototype.readAsText': () => [new Blob(['x'])],
  'FileReader.prototype.readAsArrayBuffer': () => [new Blob(['x'])],
  'FileReader.prototype.readAsDataURL': () => [new Blob(['x'])],
  'FileReader.prototype.readAsBinaryString': () => [new Blob(['x'])],
  'Document.prototype.cookie': () => ['sample=1'],
  'CookieStore.prototype.get': () => ['sample'],
  'CookieStore.prototype.set': () => ['sample', '1'],
  'CookieStore.prototype.delete': () => ['sample'],
  'Storage.prototype.getItem': () => ['sample'],
  'Storage.prototype.setItem': () => ['sample', '1'],
  'Storage.prototype.removeItem': () => ['sample'],
  'Storage.prototype.key': () => [0],
  'IDBFactory.prototype.open': () => ['other'],
  'IDBFactory.prototype.deleteDatabase': () => ['third'],
  'IDBObjectStore.prototype.get': () => ['key'],
  'IDBObjectStore.prototype.getKey': () => ['key'],
  'IDBObjectStore.prototype.put': () => [{ name: 'a' }, 'key'],
  'IDBObjectStore.prototype.add': () => [{ name: 'a' }, Math.random()],
  'IDBIndex.prototype.get': () => ['a'],
  'CacheStorage.prototype.match': () => ['/answer'],
  'CacheStorage.prototype.open': () => ['other'],
  'Cache.prototype.match': () => ['/answer'],
  'Cache.prototype.put': () => ['/answer', new Response('x')],
  'StorageBucketManager.prototype.open': () => ['bucket'],
  'HTMLCanvasElement.prototype.toBlob': () => [nothing],
  'CanvasRenderingContext2D.prototype.getImageData': () => [0, 0, 4, 4],
  'CanvasRenderingContext2D.prototype.measureText': () => ['sample'],
  'OffscreenCanvasRenderingContext2D.prototype.getImageData': () => [0, 0, 4, 4],
  'OffscreenCanvasRenderingContext2D.prototype.measureText': () => ['sample'],
  'WebGLRenderingContext.prototype.getParameter': () => [7936],
  'WebGL2RenderingContext.prototype.getParameter': () => [7936],
  'WebGLRenderingContext.prototype.getExtension': () => ['WEBGL_debug_renderer_info'],
  'WebGL2RenderingContext.prototype.getExtension': () => ['WEBGL_debug_renderer_info'],
  'WebGLRenderingContext.prototype.getShaderPrecisionFormat': () => [35633, 36338],
  'WebGL2RenderingContext.prototype.getShaderPrecisionFormat': () => [35633, 36338],
  'WebGLRenderingContext.prototype.readPixels': () => [0, 0, 1, 1, 6408, 5121, new Uint8Array(4)],
  'WebGL2RenderingContext.prototype.readPixels': () => [0, 0, 1, 1, 6408, 5121, new Uint8Array(4)],
  'AudioBuffer.prototype.getChannelData': () => [0],
  'AudioBuffer.prototype.copyFromChannel': () => [new Float32Array(4), 0],
  'AnalyserNode.prototype.getFloatFrequencyData': () => [new Float32Array(4)],
  'AnalyserNode.prototype.getByteFrequencyData': () => [new Uint8Array(4)],
  'AnalyserNode.prototype.getFloatTimeDomainData': () => [new Float32Array(4)],
  'AnalyserNode.prototype.getByteTimeDomainData': () => [new Uint8Array(4)],
  'FontFaceSet.prototype.check': () => ['12px serif'],
  'FontFaceSet.prototype.load': () => ['12px serif'],
  'NavigatorUAData.prototype.getHighEntropyValues': () => [['model']],
  'Navigator.prototype.requestMediaKeySystemAccess': () => ['org.w3.clearkey', [{}]],
  'Navigator.prototype.sendBeacon': () => ['/answer', 'x'],
  'MediaCapabilities.prototype.decodingInfo': () => [
    { type: 'file', audio: { contentType: 'audio/ogg; codecs=opus' } },
  ],
  'XRSystem.prototype.isSessionSupported': () => ['inline'],
  'Permissions.prototype.query': () => [{ name: 'geolocation' }],
  'PushManager.prototype.subscribe': () => [push],
  'PushManager.prototype.permissionState': () => [push],
  Notification: () => ['sample'],
  PaymentRequest: () => [
    [{ supportedMethods: 'https://pay.example/' }],
    { total: { label: 'x', amount: { currency: 'EUR', value: '1' } } },
  ],
  fetch: () => ['/answer'],
  'XMLHttpRequest.prototype.open': () => ['GET', '/answer'],
  WebSocket: () => [`ws://${location.host}/none`],
  Worker: () => [blobUrl],
  SharedWorker: () => ['/shared.js'],
  EventSource: () => ['/answer'],
  WebTransport: () => ['https://localhost:1/'],
  'WebSocket.prototype.send': () => ['x'],
  'RTCDataChannel.prototype.send': () => ['x'],
  'RTCPeerConnection.prototype.createDataChannel': () => ['sample'],
  'ServiceWorkerContainer.prototype.register': () => ['/worker.js'],
  open: () => ['about:blank', '_blank', 'noopener'],
  ondevicemotion: () => [null],
  ondeviceorientation: () => [null],
  ondeviceorientationabsolute: () => [null],
};

/** What is set where a surface is a setter of an address. */
export const sampleAddress = '/answer?sample';
