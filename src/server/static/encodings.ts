/**
 * Which of the compressed files beside a file a client may get (RFC 9110, 12.5.3).
 *
 * @module
 */

/** The codings that build tools write, the smaller one first, and how they name the files. */
export const CODINGS = [
  { coding: "br", suffix: ".br" },
  { coding: "gzip", suffix: ".gz" },
] as const;

/** One of {@link CODINGS}. */
export type Coding = typeof CODINGS[number];

/** The codings that an Accept-Encoding field allows, the preferred one first. */
export function acceptedCodings(acceptEncoding: string | undefined): Coding[] {
  if (acceptEncoding === undefined) return [];
  const weights = new Map<string, number>();
  for (const part of acceptEncoding.toLowerCase().split(",")) {
    const [name = "", ...parameters] = part.split(";").map((text) => text.trim());
    const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
    weights.set(name === "x-gzip" ? "gzip" : name, weight === undefined ? 1 : Number(weight));
  }
  const weightOf = (coding: string) => weights.get(coding) ?? weights.get("*") ?? 0;
  return CODINGS.filter(({ coding }) => weightOf(coding) > 0)
    .sort((a, b) => weightOf(b.coding) - weightOf(a.coding));
}
