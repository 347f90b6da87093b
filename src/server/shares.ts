/**
 * Places that clients share. However many one address takes, others find some.
 *
 * An address may have as many places as are free: alone that is half of all, two have a third each, and n of them leave
 * 1/(n + 1) of all to the next one (dynamic thresholds: Choudhury and Hahne, IEEE/ACM Transactions on Networking, 1998). So
 * a lone reverse proxy in front has half of them, and nobody has all. A network may have three times what is free: whoever
 * has many addresses leaves a quarter to the other networks.
 *
 * Who wants one more than his share gets that of a connection of his own that only waits, if there is one.
 *
 * @module
 */

/** Who has a place. */
export interface Sitter {
  /** How little it would be missed: the more, the less; below 0 while somebody is answered over it. */
  spare(): number;
  /** Closes it: another one wants its place. */
  giveUp(): void;
}

/** What {@link Sitter.spare} adds for a connection that was never answered over: it may be no client at all. */
export const NEVER_ANSWERED = 1e9;

/** Places of a network for each that is free. */
const NETWORK_SHARE = 3;

/** A place that was taken. */
export interface Place {
  /** Once is enough; more does no harm. */
  leave(): void;
}

type Group = Set<Seat>;

/** The places of a server. */
export class Shares {
  readonly #total: number;
  readonly #all: Group = new Set();
  readonly #addresses = new Map<string, Group>();
  readonly #networks = new Map<string, Group>();

  /** @param total How many there are. */
  constructor(total: number) {
    this.#total = total;
  }

  /** How many are taken. */
  get taken(): number {
    return this.#all.size;
  }

  /**
   * Whether there is a place for the address; somebody else who only waits is sent away for that.
   *
   * @param address IPv4 or IPv6, as the system says it.
   */
  makeRoom(address: string): boolean {
    const free = this.#total - this.#all.size;
    const groups: readonly (readonly [Group | undefined, most: number])[] = [
      [this.#addresses.get(plain(address)), free],
      [this.#networks.get(networkOf(address)), NETWORK_SHARE * free],
      [this.#all, this.#total - 1],
    ];
    for (const [group, most] of groups) {
      if (group === undefined || group.size < Math.max(most, 1)) continue;
      const seat = mostSpare(group);
      if (seat === undefined) return false;
      seat.leave();
      seat.sitter!.giveUp();
      return true;
    }
    return true;
  }

  /** Takes a place that {@link makeRoom} found. @param sitter Without one, nobody else gets the place. */
  take(address: string, sitter?: Sitter): Place {
    const seat = new Seat(sitter, [
      [this.#addresses, plain(address)],
      [this.#networks, networkOf(address)],
    ], this.#all);
    return seat;
  }
}

class Seat implements Place {
  readonly sitter: Sitter | undefined;
  readonly #groups: readonly (readonly [Map<string, Group>, key: string])[];
  readonly #all: Group;

  constructor(
    sitter: Sitter | undefined,
    groups: readonly (readonly [Map<string, Group>, key: string])[],
    all: Group,
  ) {
    this.sitter = sitter;
    this.#groups = groups;
    this.#all = all;
    all.add(this);
    for (const [map, key] of groups) {
      const group = map.get(key);
      if (group === undefined) map.set(key, new Set([this]));
      else group.add(this);
    }
  }

  leave(): void {
    if (!this.#all.delete(this)) return;
    for (const [map, key] of this.#groups) {
      const group = map.get(key)!;
      group.delete(this);
      if (group.size === 0) map.delete(key);
    }
  }
}

function mostSpare(group: Group): Seat | undefined {
  let found: Seat | undefined;
  let most = -1;
  for (const seat of group) {
    const spare = seat.sitter?.spare() ?? -1;
    if (spare > most) [found, most] = [seat, spare];
  }
  return found;
}

/** IPv4 in IPv6 (RFC 4291, 2.5.5.2) is IPv4. */
function plain(address: string): string {
  return /^::ffff:[\d.]+$/i.test(address) ? address.slice(7) : address;
}

/** The /24 of an IPv4 address; the /64 of an IPv6 address, which one machine may have all of (RFC 7084, 4.3). */
export function networkOf(address: string): string {
  const text = plain(address);
  if (!text.includes(":")) return text.slice(0, Math.max(text.lastIndexOf("."), 0));
  const [left = "", right] = text.replace(/%.*/, "").split("::", 2);
  const first = left === "" ? [] : left.split(":");
  const last = right === undefined || right === "" ? [] : right.split(":");
  const zeros = Array(Math.max(8 - first.length - last.length, 0)).fill("0");
  return [...first, ...zeros, ...last].slice(0, 4).join(":");
}
