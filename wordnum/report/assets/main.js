// Start: build everything once, then keep strips and theme in step.

function setTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme; else delete document.documentElement.dataset.theme;
  byId('theme').textContent = isDark() ? 'Light' : 'Dark';
  byId('theme').setAttribute('aria-label', `Switch to the ${isDark() ? 'light' : 'dark'} theme`);
  repaint();
}

makeGrid();
makeFilters();
makeLabels();
makeDownloads();
makeWarnings();
makeTree();
makeComparisons();
makeTraining();
makeAttribution();
makeWords();
makeReasons();
makeFailures();
makeOrigin();
makeHead();
refresh();
setTheme(null);

byId('theme').addEventListener('click', () => setTheme(isDark() ? 'light' : 'dark'));
systemDark.addEventListener('change', () => setTheme(document.documentElement.dataset.theme || null));
addEventListener('beforeprint', () => { printing = true; repaint(); });
addEventListener('afterprint', () => { printing = false; repaint(); });
addEventListener('scroll', hideTip, { passive: true, capture: true });
addEventListener('keydown', event => { if (event.key === 'Escape') hideTip(); });

function openFromAddress() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  const record = recordByKey.get(wanted.get('record'));
  if (record) openDetail(record, Number(wanted.get('T')) || null);
}
addEventListener('hashchange', openFromAddress);
openFromAddress();
document.documentElement.dataset.ready = 'true';
