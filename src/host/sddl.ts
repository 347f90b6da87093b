/**
 * Access lists as text, in Microsoft's Security Descriptor Definition Language ([MS-DTYP], 2.5.1): the same on a Windows
 * of any language, where the names of accounts are not.
 *
 * Only the discretionary list (D:) is read: who may do what. A denial is passed over, so that what comes out is rather
 * too much than too little; what cannot be read is no answer.
 *
 * @module
 */

/** An entry that allows something. */
export interface AllowedAccess {
  /** A SID ("S-1-5-32-545") or one of the two letters that stand for a well-known one ("BU"). */
  readonly sid: string;
  /** Access mask, 32 bits ([MS-DTYP], 2.4.3). */
  readonly mask: number;
  /** It counts for files made in the directory, too, or for them alone. */
  readonly inherited: boolean;
  /** It does not count for the object itself. */
  readonly inheritOnly: boolean;
}

/** Everybody, for an object without a list: nothing is forbidden then. */
const EVERYONE = "WD";
const FULL_ACCESS = 0x1f01ff;

/** Rights by their letters ([MS-DTYP], 2.5.1.1): generic, standard, of files, and the eight lowest bits by their old names. */
const RIGHTS: Readonly<Record<string, number>> = {
  GA: 0x10000000,
  GR: 0x80000000,
  GW: 0x40000000,
  GX: 0x20000000,
  RC: 0x20000,
  SD: 0x10000,
  WD: 0x40000,
  WO: 0x80000,
  FA: FULL_ACCESS,
  FR: 0x120089,
  FW: 0x120116,
  FX: 0x1200a0,
  KA: 0xf003f,
  KR: 0x20019,
  KW: 0x20006,
  KX: 0x20019,
  CC: 0x1,
  DC: 0x2,
  LC: 0x4,
  SW: 0x8,
  RP: 0x10,
  WP: 0x20,
  DT: 0x40,
  LO: 0x80,
  CR: 0x100,
};

/** Types of entries that allow: plain, for an object, and those with a condition, which may come true. */
const ALLOWING = ["A", "OA", "XA", "ZA"];
const DENYING = ["D", "OD", "XD"];

/** The entries that allow something; undefined for text that is no such descriptor. */
export function readAllowed(descriptor: string): AllowedAccess[] | undefined {
  const start = descriptor.indexOf("D:");
  if (start === -1) return undefined;
  // Before it stand an owner and a group at most, and no parenthesis.
  if (descriptor.slice(0, start).includes("(")) return undefined;
  let rest = descriptor.slice(start + 2).trim();
  const flags = /^(?:NO_ACCESS_CONTROL|P|AR|AI)*/.exec(rest)![0];
  if (flags.includes("NO_ACCESS_CONTROL")) return [everyone()];
  rest = rest.slice(flags.length);
  const allowed: AllowedAccess[] = [];
  while (rest !== "" && !rest.startsWith("S:")) {
    const length = entryLength(rest);
    const entry = length === undefined ? undefined : readEntry(rest.slice(1, length - 1));
    if (length === undefined || entry === undefined) return undefined;
    if (entry !== "denies") allowed.push(entry);
    rest = rest.slice(length).trimStart();
  }
  return allowed;
}

function everyone(): AllowedAccess {
  return { sid: EVERYONE, mask: FULL_ACCESS, inherited: true, inheritOnly: false };
}

/** The length of the entry that the text begins with; a condition has parentheses and quoted text of its own. */
function entryLength(text: string): number | undefined {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (character === "(") depth++;
    else if (character === ")") depth--;
    if (depth === 0) return at === 0 ? undefined : at + 1;
  }
  return undefined;
}

/** type;flags;rights;object;inherited object;account[;condition] */
function readEntry(text: string): AllowedAccess | "denies" | undefined {
  const [type = "", flags = "", rights = "", , , sid] = text.split(";");
  if (sid === undefined || !/^(?:[A-Z]{2}|S-1(?:-\d+)+)$/.test(sid)) return undefined;
  if (!/^(?:[A-Z]{2})*$/.test(flags)) return undefined;
  const mask = readRights(rights);
  if (mask === undefined) return undefined;
  if (DENYING.includes(type)) return "denies";
  if (!ALLOWING.includes(type)) return undefined;
  const marks: readonly string[] = flags.match(/../g) ?? [];
  return {
    sid,
    mask,
    inherited: marks.includes("OI") || marks.includes("CI"),
    inheritOnly: marks.includes("IO"),
  };
}

/** A number, or letters in pairs. */
function readRights(text: string): number | undefined {
  if (/^0x[0-9a-f]{1,8}$/i.test(text)) return Number(text);
  if (/^\d{1,10}$/.test(text)) return Number(text);
  let mask = 0;
  for (const pair of text.match(/.{1,2}/g) ?? []) {
    const right = RIGHTS[pair];
    if (right === undefined) return undefined;
    mask = (mask | right) >>> 0;
  }
  return mask;
}
