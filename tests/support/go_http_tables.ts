/**
 * The tables of cases that Go's net/http tests its file server with, read from the toolchain on this machine.
 *
 * @module
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suiteFile } from "./conformance.ts";
import { findProgram, mustRun } from "./processes.ts";

/** A range of a file of 11 octets. */
export interface RangeCase {
  /** The field Range; empty for none. */
  readonly range: string;
  readonly status: number;
  /** The first octet, and the one behind the last. */
  readonly ranges: readonly (readonly [start: number, end: number])[];
}

/** A request with conditions. Whatever is not wanted is empty. */
export interface ContentCase {
  readonly name: string;
  /** The served file below the package; empty where Go's test serves something else. */
  readonly file: string;
  /** Seconds since the epoch; undefined where the case has no date. */
  readonly modified?: number;
  readonly etag: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly lastModified: string;
  readonly contentType: string;
  readonly contentRange: string;
  readonly status: number;
}

/** Both tables. */
export interface GoTables {
  /** The directory of net/http. */
  readonly directory: string;
  readonly ranges: readonly RangeCase[];
  readonly contents: readonly ContentCase[];
}

/** The reason to skip, where there is no Go. Its packages may come without tests. */
export function missingGo(): string | false {
  return findProgram("go") === undefined && "go is not installed";
}

/** Reads the tables with Go itself. @param scratch An empty directory. */
export async function readGoTables(scratch: string): Promise<GoTables> {
  const directory = join((await mustRun(["go", "env", "GOROOT"])).trim(), "src/net/http");
  const source = join(directory, "fs_test.go");
  if (!existsSync(source)) throw new Error(`Cannot read Go's tables: ${source} is not there`);
  const text = readFileSync(source, "utf8");
  mkdirSync(scratch, { recursive: true });
  writeFileSync(join(scratch, "main.go"), programOf(text));
  const env = {
    GO111MODULE: "off",
    GOTOOLCHAIN: "local",
    GOFLAGS: undefined,
    GOCACHE: compiledPackages(),
  };
  // The files that the tables name are below the package.
  await mustRun(["go", "build", "-o", "tables", "main.go"], {
    cwd: scratch,
    env,
    timeoutMs: 100_000,
  });
  const tables = await mustRun([join(scratch, "tables")], { cwd: directory });
  return { directory, ...JSON.parse(tables) };
}

/** Where Go has compiled its own packages before; undefined for its default, which is empty in a new home. */
function compiledPackages(): string | undefined {
  const note = suiteFile("h2spec", "gocache.txt");
  return existsSync(note) ? readFileSync(note, "utf8") : undefined;
}

/** The text of a declaration. gofmt ends it with a brace as far to the left as its beginning. */
function declaration(text: string, pattern: RegExp): string {
  const found = pattern.exec(text)?.[0];
  if (found === undefined) throw new Error(`Go's tables have changed: nothing is ${pattern}`);
  return found;
}

/** A program of the declarations, with as little of Go's library as they need: it is compiled each time. */
function programOf(text: string): string {
  const ranges = declaration(text, /^var ServeFileRangeTests = [^]*?\n\}\{\n[^]*?\n\}\n/m);
  const type = declaration(text, /^\ttype testCase struct \{\n[^]*?\n\t\}\n/m);
  const tests = declaration(text, /^\ttests := map\[string\]testCase\{\n[^]*?\n\t\}\n/m);
  return `package main

import (
	"encoding/json"
	"io"
	"os"
	"strings"
	"time"
)

const (
	testFileLen                        = 11
	StatusOK                           = 200
	StatusPartialContent               = 206
	StatusRequestedRangeNotSatisfiable = 416
	TimeFormat                         = "Mon, 02 Jan 2006 15:04:05 GMT"
)

type wantRange struct{ start, end int64 }

type panicOnSeek struct{ io.ReadSeeker }

type object = map[string]any

${ranges}
${type}
func main() {
	info, err := os.Stat("testdata/index.html")
	if err != nil {
		panic(err)
	}
	htmlModTime := info.ModTime()
	_ = strings.NewReader
	${tests}
	ranges := []object{}
	for _, one := range ServeFileRangeTests {
		wanted := [][2]int64{}
		for _, part := range one.ranges {
			wanted = append(wanted, [2]int64{part.start, part.end})
		}
		ranges = append(ranges, object{"range": one.r, "status": one.code, "ranges": wanted})
	}
	contents := []object{}
	for name, one := range tests {
		described := object{
			"name": name, "file": one.file, "etag": one.serveETag, "headers": one.reqHeader,
			"lastModified": one.wantLastMod, "contentType": one.wantContentType,
			"contentRange": one.wantContentRange, "status": one.wantStatus,
		}
		if !one.modtime.IsZero() {
			described["modified"] = float64(one.modtime.UnixNano()) / float64(time.Second)
		}
		contents = append(contents, described)
	}
	json.NewEncoder(os.Stdout).Encode(object{"ranges": ranges, "contents": contents})
}
`;
}
