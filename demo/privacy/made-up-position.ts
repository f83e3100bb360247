/** `navigator.geolocation` for a thread that has none. */

class Geolocation {
  getCurrentPosition(found: (position: object) => void): void {
    setTimeout(() => found({ coords: { latitude: 31.235, longitude: 121.48 } }), 20);
  }
}
Object.assign(globalThis, { Geolocation });
Object.defineProperty(globalThis.navigator, 'geolocation', { value: new Geolocation() });
// The aspect asks a realm what it is by the name of its constructor; a thread of node has none to tell.
Object.defineProperty(globalThis, 'constructor', { value: class DedicatedWorkerGlobalScope {} });
