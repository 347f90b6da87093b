export function installSystemPackages(options: { readonly platforms: boolean }): void;
export function installMissing(
  packages: Readonly<Record<string, string | readonly string[]>>,
  speaker: string,
): string[];
