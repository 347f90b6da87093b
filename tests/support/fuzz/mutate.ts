/**
 * Damaged copies of encodings and texts, decided by a seed alone. Knows nothing of src/: a reader and its
 * fuzzer that share a mistake would both be happy with it.
 *
 * @module
 */

/** Random numbers of a run. */
export interface Random {
  /** An integer from 0 to n - 1. */
  below(n: number): number;
  pick<T>(list: readonly T[]): T;
}

/** mulberry32: small, fast, and the same everywhere. */
export function createRandom(seed: number): Random {
  let state = seed | 0;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const below = (n: number) => Math.floor(next() * n);
  return { below, pick: (list) => list[below(list.length)]! };
}

/** What decoders trip over: signs, length forms, tags of this trade. */
const OCTETS = [0, 1, 2, 4, 5, 6, 0x0c, 0x1f, 0x30, 0x31, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xa0, 0xff];

/** A damaged copy: octets, or the tree of TLVs. Never longer than some times the originals. */
export function mutateBytes(
  random: Random,
  original: Uint8Array,
  other: Uint8Array,
): Uint8Array<ArrayBuffer> {
  if (random.below(2) === 0) {
    const tree = readNodes(original, 0);
    if (tree !== undefined) return mutateTree(random, tree, readNodes(other, 0) ?? []);
  }
  return mutateOctets(random, original, other);
}

function mutateOctets(
  random: Random,
  original: Uint8Array,
  other: Uint8Array,
): Uint8Array<ArrayBuffer> {
  let octets: Uint8Array<ArrayBuffer> = new Uint8Array(original);
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
    const at = random.below(octets.length + 1);
    const count = 1 + random.below(8);
    switch (random.below(7)) {
      case 0: // one bit
        if (at < octets.length) octets[at] = octets[at]! ^ (1 << random.below(8));
        break;
      case 1:
        if (at < octets.length) octets[at] = random.pick(OCTETS);
        break;
      case 2: // the end is cut off
        octets = octets.slice(0, at);
        break;
      case 3:
        octets = join(octets.subarray(0, at), octets.subarray(at + count));
        break;
      case 4: {
        const noise = Uint8Array.from({ length: count }, () => random.below(256));
        octets = join(octets.subarray(0, at), noise, octets.subarray(at));
        break;
      }
      case 5: { // a part of another one in between
        const from = random.below(other.length + 1);
        const part = other.subarray(from, from + random.below(64));
        octets = join(octets.subarray(0, at), part, octets.subarray(at + random.below(64)));
        break;
      }
      default:
        editLength(random, octets);
    }
  }
  return octets;
}

/** Changes the octet behind one that looks like a tag. */
function editLength(random: Random, octets: Uint8Array): void {
  const start = random.below(octets.length + 1);
  for (let at = start; at < octets.length - 1; at++) {
    if (![2, 3, 4, 5, 6, 0x0c, 0x13, 0x30, 0x31, 0xa0, 0xa3].includes(octets[at]!)) continue;
    const length = octets[at + 1]!;
    octets[at + 1] = random.pick([0, length + 1, length - 1, 0x7f, 0x80, 0x81, 0x84, 0x88, 0xff]);
    return;
  }
}

/** A TLV; `children` where its content is a list of TLVs. */
interface Node {
  tag: number;
  content: Uint8Array;
  children: Node[] | undefined;
}

/** Reads TLVs with definite lengths to the end; undefined where it is something else. */
function readNodes(bytes: Uint8Array, depth: number): Node[] | undefined {
  if (bytes.length < 2 || depth > 24) return undefined;
  const nodes: Node[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = bytes[at]!;
    let length = bytes[at + 1];
    at += 2;
    if (length === undefined || (tag & 0x1f) === 0x1f || tag === 0 || length === 0x80) return;
    if (length > 0x80) {
      const octets = length & 0x7f;
      length = 0;
      for (let i = 0; i < octets; i++) length = length * 256 + (bytes[at + i] ?? 0);
      at += octets;
    }
    if (length > bytes.length - at) return undefined;
    const content = bytes.subarray(at, at + length);
    at += length;
    // Extensions and keys are TLVs inside of OCTET STRINGs.
    const mayNest = (tag & 0x20) !== 0 || tag === 4;
    nodes.push({ tag, content, children: mayNest ? readNodes(content, depth + 1) : undefined });
  }
  return nodes;
}

function writeNodes(nodes: readonly Node[]): Uint8Array<ArrayBuffer> {
  return join(...nodes.map(({ tag, content, children }) => {
    const inner = children === undefined ? content : writeNodes(children);
    const { length } = inner;
    const header = length < 0x80
      ? [length]
      : length < 0x100
      ? [0x81, length]
      : length < 0x10000
      ? [0x82, length >> 8, length & 0xff]
      : [0x83, length >> 16, (length >> 8) & 0xff, length & 0xff];
    return join(Uint8Array.of(tag, ...header), inner);
  }));
}

/** Changes the tree; every length is right afterwards, so that the readers come further. */
function mutateTree(random: Random, tree: Node[], others: Node[]): Uint8Array<ArrayBuffer> {
  for (let changes = 1 + random.below(3); changes > 0; changes--) {
    const lists = listsOf(tree);
    const list = random.pick(lists);
    const at = random.below(list.length);
    const node = list[at];
    if (node === undefined) continue;
    const donor = others.length === 0 ? node : random.pick(random.pick(listsOf(others))) ?? node;
    switch (random.below(8)) {
      case 0:
        list.splice(at, 1);
        break;
      case 1: // twice, or many times
        for (let i = random.below(3) === 0 ? 40 : 1; i > 0; i--) list.splice(at, 0, copyOf(node));
        break;
      case 2:
        list.splice(at, 1, copyOf(donor));
        break;
      case 3:
        list.splice(random.below(list.length + 1), 0, copyOf(donor));
        break;
      case 4:
        node.tag = random.pick([random.below(256), node.tag ^ 0x20, 0x30, 4, 0x80, 0xa0]);
        break;
      case 5: { // deeper
        let inner = node;
        for (let i = random.below(3) === 0 ? 60 : 1; i > 0; i--) {
          inner = {
            tag: random.pick([0x30, 0x31, 0xa0]),
            content: new Uint8Array(),
            children: [inner],
          };
        }
        list[at] = inner;
        break;
      }
      case 6:
        node.children = undefined;
        node.content = mutateOctets(random, node.content, donor.content);
        break;
      default: // another order
        list.splice(random.below(list.length), 0, ...list.splice(at, 1));
    }
  }
  return writeNodes(tree);
}

function copyOf(node: Node): Node {
  return { ...node, children: node.children?.map(copyOf) };
}

function listsOf(nodes: Node[]): Node[][] {
  return [
    nodes,
    ...nodes.flatMap(({ children }) => children === undefined ? [] : listsOf(children)),
  ];
}

function join(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Characters that names, paths, PEM, JSON and INI files give a meaning to, or that are long, or nothing. */
const CHARACTERS = [
  ..."\0\t\n\r \"#%&'()*+,-./:;<=>?@[\\]^_`{|}~0179afxzAZ",
  ...["\u0080", "\u00ad", "\u00df", "\u0130", "\u0661", "\u200b", "\u200d", "\u202e", "\u2028"],
  ...["\u3002", "\ufeff", "\uff0e", "\uff11", "\ud800", "\udc00", "\ufffd", "\u{1f600}"],
];

/** A damaged copy of a text; `words` are parts that mean something to its reader. */
export function mutateText(
  random: Random,
  original: string,
  other: string,
  words: readonly string[],
): string {
  let text = original;
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
    const at = random.below(text.length + 1);
    const count = 1 + random.below(6);
    switch (random.below(8)) {
      case 0:
        text = text.slice(0, at) + random.pick(CHARACTERS) + text.slice(at);
        break;
      case 1:
        text = text.slice(0, at) + random.pick(CHARACTERS) + text.slice(at + 1);
        break;
      case 2:
        text = text.slice(0, at) + text.slice(at + count);
        break;
      case 3:
        text = text.slice(0, at) + random.pick(words) + text.slice(at);
        break;
      case 4:
        text = text.slice(0, at) + other.slice(random.below(other.length + 1));
        break;
      case 5: // again and again
        text = text.slice(0, at) + text.slice(at, at + count).repeat(1 + random.below(80)) +
          text.slice(at);
        break;
      case 6:
        text = text.slice(0, at);
        break;
      default:
        text = random.below(2) === 0 ? text.toUpperCase() : text.toLowerCase();
    }
  }
  return text;
}
