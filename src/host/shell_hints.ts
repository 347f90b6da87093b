/**
 * The commands that hints give for everyday things, as this system's shell knows them.
 *
 * @module
 */

import { operatingSystem } from "./operating_system.ts";
import { quoteArgument } from "./shell_words.ts";

const ON_WINDOWS = operatingSystem() === "windows";

/** Shows what stands at a path, and who has access. */
export function showCommand(path: string): string {
  return `${ON_WINDOWS ? "icacls" : "ls -la"} ${quoteArgument(path)}`;
}

/** Makes a directory, and those above it. */
export function makeDirectoryCommand(path: string): string {
  return `${ON_WINDOWS ? "mkdir" : "mkdir -p"} ${quoteArgument(path)}`;
}

/** Removes a file. Both shells of Windows know del. */
export function removeCommand(path: string): string {
  return `${ON_WINDOWS ? "del" : "rm"} ${quoteArgument(path)}`;
}

/** Gives a file another name. */
export function moveAsideCommand(path: string): string {
  return `${ON_WINDOWS ? "move" : "mv"} ${quoteArgument(path)} ${quoteArgument(`${path}.old`)}`;
}

/** Shows how full the disk of a path is; on Windows every window of Explorer does. */
export function freeSpaceCommands(path: string): string[] {
  return ON_WINDOWS ? [] : [`df -h ${quoteArgument(path)}`];
}

/** Shows who holds a file open; Windows has no command for it. */
export function holdersCommands(path: string): string[] {
  return ON_WINDOWS ? [] : [`fuser -v ${quoteArgument(path)}`];
}
