/**
 * The look of the page: one column, light and dark, nothing from elsewhere.
 *
 * @module
 */

/** Contrast of every pair is at least 4.5 to 1 (WCAG 2.1, 1.4.3). */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #4d5663; --paper: #fff; --card: #f3f5f8;
  --line: #c3cad4; --accent: #0b57a4; --on-accent: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8eaed; --soft: #b3bbc6; --paper: #15181c; --card: #20252b; --line: #464f5b;
    --accent: #8ec5ff; --on-accent: #0b1a2a; }
}
* { box-sizing: border-box; }
body { font: 1rem/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0 auto;
  max-width: 46rem; padding: 1.25rem 1rem 3rem; }
header, footer { display: flex; flex-wrap: wrap; justify-content: space-between; gap: .5rem 1rem;
  align-items: baseline; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; }
p { margin: .5rem 0; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem 1.1rem;
  margin: 1rem 0; }
.card h2 { margin-top: 0; }
.fingerprint { font: 600 1.05rem/1.7 ui-monospace, monospace; margin: .5rem 0; padding: 0; list-style: none; }
.button { display: inline-block; padding: .55em 1.1em; margin: .15em .2em .15em 0; background: var(--accent);
  color: var(--on-accent); border-radius: .4em; text-decoration: none; font-weight: 600; }
ol.steps { padding-left: 1.6rem; margin: .5rem 0; }
ol.steps li { margin: .7rem 0; }
ol.steps li::marker { font-weight: 700; }
pre { background: var(--paper); border: 1px solid var(--line); border-radius: .4rem; padding: .6rem .8rem;
  white-space: pre-wrap; overflow-wrap: anywhere; margin: .4rem 0; }
code { font-family: ui-monospace, monospace; font-size: .9em; overflow-wrap: anywhere; }
details { border-bottom: 1px solid var(--line); }
pre span { display: inline-block; max-width: 100%; }
details ol.steps { margin-top: 0; }
details ol.steps li:first-child { margin-top: 0; }
details pre { background: var(--card); }
summary { padding: .75rem 0; cursor: pointer; font-weight: 600; }
.soft { color: var(--soft); }
svg { width: 11rem; height: 11rem; display: block; border-radius: .4rem; }
`;
