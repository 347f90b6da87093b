/** Types of toolchain.mjs, which is plain JavaScript so that Node can run it before anything is installed. */

/** The top of the repository. */
export const ROOT: string;
/** The pinned Bun. */
export function bunPath(): string;
/** The pinned Deno. */
export function denoPath(): string;
