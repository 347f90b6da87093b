/**
 * The part of the Reflect metadata proposal that @peculiar/x509 wants to find (its container, tsyringe,
 * refuses to load without). Import before it.
 *
 * @module
 */

type Key = string | symbol | undefined;

const store = new WeakMap<object, Map<Key, Map<unknown, unknown>>>();

function own(target: object, property: Key): Map<unknown, unknown> {
  let properties = store.get(target);
  if (properties === undefined) store.set(target, properties = new Map());
  let metadata = properties.get(property);
  if (metadata === undefined) properties.set(property, metadata = new Map());
  return metadata;
}

const additions = {
  defineMetadata(key: unknown, value: unknown, target: object, property?: Key): void {
    own(target, property).set(key, value);
  },
  getOwnMetadata(key: unknown, target: object, property?: Key): unknown {
    return own(target, property).get(key);
  },
  getMetadata(key: unknown, target: object, property?: Key): unknown {
    for (let at: object | null = target; at !== null; at = Object.getPrototypeOf(at)) {
      if (own(at, property).has(key)) return own(at, property).get(key);
    }
    return undefined;
  },
  hasOwnMetadata(key: unknown, target: object, property?: Key): boolean {
    return own(target, property).has(key);
  },
  metadata(key: unknown, value: unknown) {
    return (target: object, property?: Key): void => {
      own(target, property).set(key, value);
    };
  },
};

for (const [name, value] of Object.entries(additions)) {
  if (!(name in Reflect)) Object.defineProperty(Reflect, name, { value });
}
