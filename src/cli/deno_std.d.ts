/** Types of the parts of deno-std that are used: the npm package comes without any. */

declare module "deno-std/fmt/colors.js" {
  export function setColorEnabled(value: boolean): void;
  export function bold(text: string): string;
  export function dim(text: string): string;
  export function green(text: string): string;
  export function red(text: string): string;
  export function yellow(text: string): string;
}
