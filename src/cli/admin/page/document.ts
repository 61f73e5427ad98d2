/** The page as it is sent: landmarks, headings and tables that are filled by `browser/main.ts`. `script` is that module's name. */
export function pageDocument(script: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Sluice</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="style.css">
<script type="module" src="${script}"></script>
</head>
<body>
<a class="skip" href="#main">Skip to the search</a>
<header>
<h1>Sluice</h1>
<p id="replica" class="quiet"></p>
</header>
<p id="announcer" class="hidden" role="status"></p>
<p id="problem" class="bad banner" role="alert" hidden></p>
<form id="token-form" hidden>
<label for="token">Token of a user or service account, kept in this page alone</label>
<input id="token" type="password" autocomplete="off" spellcheck="false" required>
<button>Use it</button>
</form>
<main id="main" tabindex="-1">
<section aria-labelledby="search-title">
<h2 id="search-title">Why does a host answer, or not?</h2>
<form id="search" role="search">
<label for="host">Host name</label>
<input id="host" name="host" type="search" autocomplete="off" autocapitalize="none" spellcheck="false" placeholder="demo.stage.example.com" required>
<button>Explain</button>
</form>
<div id="answer"></div>
</section>
<section aria-labelledby="state-title">
<h2 id="state-title">This replica</h2>
<dl id="cards"></dl>
<ul id="node-problems" class="bad" hidden></ul>
</section>
<section aria-labelledby="propagation-title">
<h2 id="propagation-title">Propagation</h2>
<p class="quiet">From an object that was read to the acknowledgement of an Envoy: worst (bars) and median (lines) of five seconds each.</p>
<div id="propagation"></div>
<p id="propagation-text"></p>
<details id="minutes"><summary>As a table</summary><div id="minutes-table"></div></details>
</section>
<section aria-labelledby="nodes-title">
<h2 id="nodes-title">Envoys</h2>
<div class="wide" tabindex="0" role="region" aria-labelledby="nodes-title">
<table>
<thead><tr><th scope="col">Node</th><th scope="col">State</th><th scope="col" class="number">Clusters</th><th scope="col" class="number">Unanswered</th><th scope="col">Envoy</th><th scope="col">Connected for</th><th scope="col">Last rejection</th></tr></thead>
<tbody id="nodes"></tbody>
</table>
</div>
<p id="no-nodes" class="quiet">No Envoy is connected to this replica.</p>
</section>
<section aria-labelledby="budgets-title">
<h2 id="budgets-title">Namespaces near their budgets</h2>
<div class="wide" tabindex="0" role="region" aria-labelledby="budgets-title">
<table>
<thead><tr><th scope="col">Namespace</th><th scope="col">State</th><th scope="col">Budgets</th></tr></thead>
<tbody id="budgets"></tbody>
</table>
</div>
<p id="no-budgets" class="quiet">None uses four fifths of a budget.</p>
<p id="more-budgets" class="quiet"></p>
</section>
<section aria-labelledby="changes-title">
<h2 id="changes-title">Changes and rejections</h2>
<p><span id="feed-state" class="quiet">not live yet</span> <button id="pause" type="button" aria-pressed="false">Pause</button></p>
<ol id="changes" role="log" aria-live="off" aria-labelledby="changes-title" tabindex="0"></ol>
<p id="no-changes" class="quiet">Nothing has changed since this page was opened.</p>
</section>
</main>
<footer class="quiet">What other replicas know: <code>sluice status</code>, <code>sluice explain HOST</code>.</footer>
</body>
</html>
`;
}
