/** Where people and racks are on the network: homes, offices, cells, carriers' shared addresses, hosting. */
import { chance, type Draw, digestOf, idOf, pick, rank, streamOf, whole } from './random.ts';

/** How a phone reaches the bank at a moment. */
export interface Access {
  /** The public address as the server pseudonymises it. */
  readonly address: string;
  readonly network: 'wifi' | 'mobile' | 'hosting';
  readonly city: number;
  readonly subnet: string;
  readonly bssid?: string;
  readonly cell?: string;
}

/** The map. */
export interface Places {
  readonly cities: number;
  /** A city; some are much bigger than others. */
  readonly someCity: (draw: Draw) => number;
  readonly cellsOf: (city: number) => number;
  /** A Wi-Fi of a home, a shop, an office: one address and one subnet, for as long as it stands. */
  readonly wifi: (name: string, city: number, cell: number) => Access;
  /** The mobile network: one of the carriers' shared addresses of the city, thousands of strangers behind each. */
  readonly mobile: (draw: Draw, city: number, cell: number) => Access;
  /** A machine in a data centre. */
  readonly hosting: (draw: Draw) => Access;
}

const peoplePerCell = 130;
const peoplePerCarrierAddress = 700;
/** Homes without an address of their own share one with about as many others. */
const homesPerFixedAddress = 40;

/** Draws the map for a population. */
export const createPlaces = (seed: number, devices: number): Places => {
  const cities = Math.max(3, Math.min(40, Math.round(devices / 1500)));
  const share = (city: number): number => Math.log((city + 2) / (city + 1)) / Math.log(cities + 1);
  const inCity = (city: number, each: number): number => Math.max(2, Math.round((devices * share(city)) / each));
  const cell = (city: number, index: number): string => digestOf(seed, 'cell', `${city}/${index}`);
  const address = (name: string) => ({
    address: idOf(seed, 'address', name),
    subnet: digestOf(seed, 'subnet', name),
  });
  const sharedBlocks = Math.max(2, Math.round(devices / 2.5 / homesPerFixedAddress));
  return {
    cities,
    someCity: (draw) => rank(draw, cities) % cities,
    cellsOf: (city) => inCity(city, peoplePerCell),
    wifi: (name, city, index) => {
      const draw = streamOf(seed, 'wifi', name);
      const line = chance(draw, 0.3) ? `block/${city}/${whole(draw, 0, sharedBlocks)}` : `line/${name}`;
      return {
        ...address(line),
        network: 'wifi',
        city,
        bssid: digestOf(seed, 'bssid', name),
        cell: cell(city, index),
      };
    },
    mobile: (draw, city, index) => ({
      ...address(`carrier/${city}/${whole(draw, 0, inCity(city, peoplePerCarrierAddress) - 1)}`),
      network: 'mobile',
      city,
      cell: cell(city, index),
    }),
    hosting: (draw) => ({
      ...address(`hosting/${whole(draw, 0, 60)}`),
      network: 'hosting',
      city: pick(draw, [0, 1, 2]),
    }),
  };
};
