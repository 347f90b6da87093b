/** The version of localtls; the build checks it against package.json and deno.json. */
export const VERSION = "0.1.0";
