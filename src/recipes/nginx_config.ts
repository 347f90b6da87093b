/**
 * The certificates that an nginx configuration names, with everything that it includes.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import { quoteInput, withholdInput } from "../input_text.ts";
import { expandPattern, globBudget, isPattern, type ListNames } from "./glob.ts";
import { NginxSyntaxError, nginxTokens, skipForeignBlock } from "./nginx_tokens.ts";

/** How files are looked at. */
export interface NginxFiles {
  /** Undefined where nothing stands at the path. Throws LocalTlsError. */
  read(path: string): Promise<string | undefined>;
  readonly list: ListNames;
}

/** Where something stands. */
export interface NginxPlace {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** A certificate file, and every place that names it. */
export interface NginxCertificate {
  /** Absolute path. */
  readonly path: string;
  readonly places: readonly NginxPlace[];
}

/** What was found. */
export interface NginxCertificates {
  readonly certificates: readonly NginxCertificate[];
  /** What could not be followed, a sentence each. */
  readonly problems: readonly (NginxPlace & { readonly message: string })[];
}

/** Levels of includes: nginx itself has no bound, and runs out of file descriptors. */
const MAX_DEPTH = 32;

/** Files of one configuration: a hoster has thousands of sites. */
const MAX_FILES = 20_000;

/** Characters of all of them. */
const MAX_TEXT = 64 * 1024 * 1024;

/** Certificates, and sentences about what could not be followed: more nobody reads. */
const MAX_CERTIFICATES = 5_000;
const MAX_PROBLEMS = 100;

/** Blocks whose lines are data: their first word is a value and no directive. */
const DATA_BLOCKS: readonly string[] = ["map", "geo", "types", "split_clients", "charset_map"];

/**
 * Finds the files of all `ssl_certificate` directives. Relative paths are relative to the directory of the main file,
 * in includes too, as nginx has it (its "conf prefix").
 * Throws FILE_NOT_FOUND for the main file, FILE_READ where the text is no configuration.
 *
 * @param main Absolute path.
 */
export async function findNginxCertificates(
  main: string,
  files: NginxFiles,
): Promise<NginxCertificates> {
  const directory = main.slice(0, main.lastIndexOf("/")) || "/";
  const search = new Search(files, directory);
  await search.readFile(main, { file: main, line: 1 }, 0);
  return {
    certificates: [...search.found].map(([path, places]) => ({ path, places })),
    problems: search.problems,
  };
}

class Search {
  readonly found = new Map<string, NginxPlace[]>();
  readonly problems: (NginxPlace & { message: string })[] = [];
  /** A file that is included in many sites says the same every time. */
  readonly #read = new Set<string>();
  readonly #budget = globBudget();
  #characters = 0;

  constructor(readonly files: NginxFiles, readonly directory: string) {}

  async readFile(path: string, from: NginxPlace, depth: number): Promise<void> {
    if (this.#read.has(path)) return;
    this.#read.add(path);
    const isTooMuch = depth > MAX_DEPTH || this.#read.size > MAX_FILES ||
      this.#characters > MAX_TEXT || performance.now() > this.#budget.deadline;
    if (isTooMuch) {
      return this.#report(from, `${quoteInput(path)} is not followed: too many includes`);
    }
    const text = await this.#content(path, from, depth);
    if (text === undefined) return;
    this.#characters += text.length;
    try {
      for (const directive of nginxDirectives(text)) {
        const place = { file: path, line: directive.line };
        if (directive.name === "include") await this.#include(directive.words, place, depth);
        if (directive.name === "ssl_certificate") this.#certificate(directive.words, place);
      }
    } catch (error) {
      if (!(error instanceof NginxSyntaxError)) throw error;
      throw new LocalTlsError(
        "FILE_READ",
        `Cannot read the nginx configuration "${path}": line ${error.line}: ${error.message}`,
        { hints: ["nginx -t"], cause: error },
      );
    }
  }

  async #content(path: string, from: NginxPlace, depth: number): Promise<string | undefined> {
    try {
      const text = await this.files.read(path);
      if (text !== undefined) return text;
      if (depth === 0) {
        throw new LocalTlsError(
          "FILE_NOT_FOUND",
          `Cannot read the nginx configuration "${path}": it does not exist`,
          { hints: ["nginx -V 2>&1 | grep -o 'conf-path=[^ ]*'"] },
        );
      }
      this.#report(from, `${quoteInput(path)} is included and does not exist`);
    } catch (error) {
      if (!(error instanceof LocalTlsError) || depth === 0) throw error;
      this.#report(from, withholdInput(error.message, [path]));
    }
    return undefined;
  }

  async #include(words: readonly string[], place: NginxPlace, depth: number): Promise<void> {
    const [word] = words;
    if (word === undefined) return;
    if (word.includes("$")) {
      return this.#report(
        place,
        `the include ${quoteInput(word)} has a variable, and is not followed`,
      );
    }
    const path = this.#absolute(word);
    const paths = isPattern(path)
      ? await expandPattern(path, this.files.list, this.#budget)
      : [path];
    if (paths === undefined) {
      return this.#report(
        place,
        `the include ${quoteInput(word)} is not followed: it stands for too many files`,
      );
    }
    for (const included of paths) await this.readFile(included, place, depth + 1);
  }

  #certificate(words: readonly string[], place: NginxPlace): void {
    const [word] = words;
    if (word === undefined) return;
    if (word.startsWith("data:")) {
      return this.#report(place, "the certificate stands in a variable, and cannot be read");
    }
    if (word.includes("$")) {
      return this.#report(
        place,
        `the certificate ${quoteInput(word)} depends on the request: give its file`,
      );
    }
    const path = this.#absolute(word);
    const places = this.found.get(path);
    if (places !== undefined) places.push(place);
    else if (this.found.size < MAX_CERTIFICATES) this.found.set(path, [place]);
    else this.#report(place, `more than ${MAX_CERTIFICATES} certificates are named`);
  }

  #absolute(path: string): string {
    const isAbsolute = path.startsWith("/") || /^[A-Za-z]:[\\/]/.test(path);
    return isAbsolute ? path : `${this.directory === "/" ? "" : this.directory}/${path}`;
  }

  #report(place: NginxPlace, message: string): void {
    if (this.problems.length < MAX_PROBLEMS) this.problems.push({ ...place, message });
    else if (this.problems.length === MAX_PROBLEMS) {
      this.problems.push({ ...place, message: "and more that is not followed, here and after it" });
    }
  }
}

/** One directive, of any depth. */
export interface NginxDirective {
  readonly name: string;
  /** After the name. */
  readonly words: readonly string[];
  readonly line: number;
}

/** Every directive of one file, in its order; those of a block follow it. Throws NginxSyntaxError. */
export function* nginxDirectives(text: string): Generator<NginxDirective> {
  const blocks: string[] = [];
  let words: string[] = [];
  let line = 1;
  for (const token of nginxTokens(blankForeignBlocks(text))) {
    if (token.type === "word") {
      if (words.length === 0) line = token.line;
      words.push(token.text);
      continue;
    }
    if (token.type === "}") {
      if (words.length > 0) throw new NginxSyntaxError(token.line, 'a ";" is missing before "}"');
      if (blocks.pop() === undefined) throw new NginxSyntaxError(token.line, '"}" closes nothing');
      continue;
    }
    const [name, ...rest] = words;
    if (name === undefined) {
      throw new NginxSyntaxError(token.line, `"${token.text}" stands without a directive`);
    }
    if (!DATA_BLOCKS.includes(blocks.at(-1) ?? "") || name === "include") {
      yield { name, words: rest, line };
    }
    if (token.type === "{") blocks.push(name);
    words = [];
  }
  if (words.length > 0) {
    throw new NginxSyntaxError(line, `${quoteInput(words[0] ?? "")} has no end`);
  }
  if (blocks.length > 0) {
    throw new NginxSyntaxError(line, `the block ${quoteInput(blocks.at(-1) ?? "")} has no end`);
  }
}

/** Lua in the configuration, emptied; its lines stay, for the numbers. */
function blankForeignBlocks(text: string): string {
  let out = "";
  let from = 0;
  for (const match of text.matchAll(/^[^#\n]*_by_lua_block\s*\{/gm)) {
    const start = match.index + match[0].length;
    if (start < from) continue;
    const end = skipForeignBlock(text, start);
    out += text.slice(from, start) + text.slice(start, end - 1).replaceAll(/[^\n]/g, " ");
    from = end - 1;
  }
  return out + text.slice(from);
}
