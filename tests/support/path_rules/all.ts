/**
 * Every rule of path validation that is tested by a chain with one thing changed.
 *
 * @module
 */

import { ALGORITHM_RULES } from "./algorithms.ts";
import { BASIC_RULES } from "./basics.ts";
import { CONSTRAINT_RULES } from "./constraints.ts";
import { FIELD_RULES } from "./fields.ts";
import { NAME_RULES } from "./names.ts";
import type { PathRule } from "./rule.ts";

/** All of them; the first is the good chain. */
export const PATH_RULES: readonly PathRule[] = [
  ...BASIC_RULES,
  ...FIELD_RULES,
  ...NAME_RULES,
  ...CONSTRAINT_RULES,
  ...ALGORITHM_RULES,
];
