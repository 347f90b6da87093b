/** Nothing: what the runtime costs before a program has done anything. */

export {};
