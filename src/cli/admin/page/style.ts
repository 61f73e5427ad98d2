/** The look of the page: colours of the system's light or dark scheme, contrast of 4.5 and more, no web font. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --back: light-dark(#ffffff, #14181d);
  --panel: light-dark(#f3f5f7, #1d232a);
  --line: light-dark(#d5dae0, #36404b);
  --text: light-dark(#1b2127, #e7ecf1);
  --quiet: light-dark(#56616c, #a3afba);
  --good: light-dark(#13692f, #6fd48b);
  --odd: light-dark(#8a4b00, #f2b45c);
  --bad: light-dark(#b3141f, #ff8f8a);
  --accent: light-dark(#0b57a4, #82bbff);
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 0 1rem 2rem; background: var(--back); color: var(--text); font: 16px/1.45 system-ui, sans-serif; }
header { display: flex; align-items: baseline; gap: 1rem; flex-wrap: wrap; border-bottom: 1px solid var(--line); }
h1 { margin: .6rem 0; font-size: 1.4rem; }
h2 { margin: 2rem 0 .6rem; font-size: 1.1rem; }
h3 { margin: 1rem 0 .4rem; font-size: 1rem; overflow-wrap: anywhere; }
.quiet { color: var(--quiet); }
.good { color: var(--good); }
.odd { color: var(--odd); }
.bad { color: var(--bad); }
.banner { padding: .6rem .8rem; border: 1px solid var(--bad); border-radius: .3rem; overflow-wrap: anywhere; }
.hidden, .skip:not(:focus) { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip:focus { position: absolute; padding: .5rem; background: var(--back); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
main:focus { outline: none; }
form { display: flex; gap: .5rem; align-items: center; flex-wrap: wrap; }
form[hidden] { display: none; }
input { flex: 1 1 16rem; min-width: 0; }
input, button { font: inherit; padding: .4rem .6rem; color: inherit; background: var(--panel); border: 1px solid var(--line); border-radius: .3rem; }
button { cursor: pointer; border-color: var(--accent); color: var(--accent); }
button[disabled] { opacity: .6; cursor: progress; }
#cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(10.5rem, 1fr)); gap: .6rem; margin: 0; }
.card { background: var(--panel); border: 1px solid var(--line); border-left: 4px solid currentColor; border-radius: .3rem; padding: .5rem .7rem; }
.card dt, .card small { color: var(--quiet); font-size: .85rem; }
.card dd { margin: 0; font-size: 1.25rem; }
.card small { display: block; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { color: var(--quiet); font-weight: 600; white-space: nowrap; }
tbody th { font-weight: 600; overflow-wrap: anywhere; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.causes { padding-left: 1.2rem; overflow-wrap: anywhere; }
#propagation svg { width: 100%; height: auto; }
#propagation .grid { stroke: var(--line); }
#propagation .worst { fill: var(--accent); opacity: .45; }
#propagation .median { fill: var(--text); }
#propagation .tick { fill: var(--quiet); font-size: 11px; }
#propagation .end { text-anchor: end; }
#propagation .middle { text-anchor: middle; }
#changes { list-style: none; margin: 0; padding: 0; max-height: 28rem; overflow-y: auto; font-size: .92rem; }
#changes li { display: flex; gap: .2rem .8rem; flex-wrap: wrap; padding: .25rem 0; border-bottom: 1px solid var(--line); }
#changes time { color: var(--quiet); font-variant-numeric: tabular-nums; }
#changes .what { overflow-wrap: anywhere; }
footer { margin-top: 2rem; border-top: 1px solid var(--line); padding-top: .6rem; }
`;
