// Filters, grouping and downloads above and below the main figure.

const filterFields = varying.filter(name => new Set(records.map(record => plain(record[name]))).size > 1);
const filterNodes = {};

function makeFilters() {
  const host = byId('filters');
  for (const name of filterFields) {
    state.filters[name] = new Set();
    host.append(menu(name, FIELD[name], [...new Set(records.map(record => plain(record[name])))]));
  }
  state.filters.paper_label = new Set();
  host.append(h('details', { class: 'menu', id: 'menu-t' }, h('summary', {}, h('span', {}, 'T'), h('b', {}, 'all')),
    h('fieldset', {}, h('legend', { class: 'hidden' }, 'Moduli to show'), moduli.map(T => h('label', {},
      h('input', { type: 'checkbox', checked: true, value: T, onchange: event => {
        if (event.target.checked) state.shown.add(T); else state.shown.delete(T);
        if (!state.shown.size) { state.shown.add(T); event.target.checked = true; }
        refresh();
      } }), `mod ${T}`)))));
  const sortable = [['', 'table order'], ['system', 'System'], ['paper_label', 'Label of the paper'], ...filterFields.map(name => [name, FIELD[name]]),
    ['spectrum', 'Spike at period 10'], ...moduli.map(T => [String(T), `Kappa mod ${T}`])];
  filterNodes.sort = h('select', { id: 'sort', onchange: event => {
    const key = event.target.value;
    sortBy(key === '' ? null : /^\d+$/.test(key) ? Number(key) : key);
  } }, sortable.map(([value, text]) => h('option', { value }, text)));
  host.append(h('label', { class: 'pick' }, 'Sort ', filterNodes.sort));
  if (filterFields.length) {
    filterNodes.group = h('select', { id: 'group', onchange: event => { state.group = event.target.value; refresh(); } },
      h('option', { value: '' }, 'nothing'), [...filterFields, 'paper_label'].map(name => h('option', { value: name }, FIELD[name])));
    host.append(h('label', { class: 'pick' }, 'Group by ', filterNodes.group));
  }
  filterNodes.text = h('input', { type: 'search', id: 'find', placeholder: 'Find a system', 'aria-label': 'Find a system by words',
    oninput: event => { state.text = event.target.value.trim(); refresh(); } });
  filterNodes.clear = h('button', { type: 'button', id: 'clear', onclick: clearFilters }, 'Clear');
  host.append(filterNodes.text, filterNodes.clear);
  if (new Set(records.map(record => plain(record.corpus))).size > 1 && records.length > 12) {
    state.group = 'corpus';
    if (filterNodes.group) filterNodes.group.value = 'corpus';
  }
  document.addEventListener('click', event => host.querySelectorAll('details[open]').forEach(node => {
    if (!node.contains(event.target)) node.open = false;
  }));
  host.addEventListener('keydown', event => {
    const open = event.target.closest('details[open]');
    if (event.key === 'Escape' && open) { open.open = false; open.querySelector('summary').focus(); }
  });
}

function menu(name, label, values) {
  values.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const boxes = values.map(value => h('label', {}, h('input', { type: 'checkbox', value, onchange: event => {
    if (event.target.checked) state.filters[name].add(value); else state.filters[name].delete(value);
    refresh();
  } }), value));
  filterNodes[name] = h('details', { class: 'menu', 'data-field': name }, h('summary', {}, h('span', {}, label), h('b', {}, 'all')),
    h('fieldset', {}, h('legend', { class: 'hidden' }, `${label} to show`), boxes));
  return filterNodes[name];
}

function clearFilters() {
  Object.values(state.filters).forEach(set => set.clear());
  moduli.forEach(T => state.shown.add(T));
  state.text = '';
  state.sort = null;
  filterNodes.text.value = '';
  byId('filters').querySelectorAll('.menu input').forEach(box => { box.checked = Boolean(box.closest('#menu-t')); });
  refresh();
}

function refreshFilters() {
  for (const name of filterFields) {
    const chosen = [...state.filters[name]];
    filterNodes[name].querySelector('summary b').textContent = chosen.length === 0 ? 'all' : chosen.length === 1 ? chosen[0] : `${chosen.length} chosen`;
    filterNodes[name].classList.toggle('active', chosen.length > 0);
  }
  const T = byId('menu-t');
  T.querySelector('summary b').textContent = state.shown.size === moduli.length ? 'all' : shownModuli().join(', ');
  T.classList.toggle('active', state.shown.size < moduli.length);
  filterNodes.sort.value = state.sort === null ? '' : String(state.sort);
  filterNodes.clear.hidden = !state.text && state.sort === null && state.shown.size === moduli.length
    && Object.values(state.filters).every(set => !set.size);
  document.querySelectorAll('#verdicts button').forEach(button => {
    button.setAttribute('aria-pressed', String(state.filters.paper_label.has(button.dataset.verdict)));
  });
}

function makeLabels() {
  const host = byId('verdicts');
  const named = [...Object.entries(LABELS), ['failed', 'ended with an error']];
  // Corpora are not added up: what is true of one says nothing of another.
  const corpora = [...new Set(records.map(record => record.corpus))];
  for (const [verdict, meaning] of named) {
    const members = records.filter(record => (record.status === 'done' ? record.paper_label : 'failed') === verdict);
    const count = members.length, within = corpus => members.filter(record => record.corpus === corpus).length;
    if (!count && verdict === 'failed') continue;
    host.append(h('button', { type: 'button', class: `verdict v-${verdict}`, 'data-verdict': verdict, 'aria-pressed': 'false', disabled: !count,
      onclick: () => {
        const set = state.filters.paper_label;
        if (set.has(verdict)) set.delete(verdict); else set.add(verdict);
        refresh();
      } },
    h('span', { class: corpora.length > 1 ? 'verdict-count split' : 'verdict-count' },
      corpora.length > 1 ? corpora.map(corpus => h('span', {}, within(corpus), h('small', {}, ` ${corpus}`))) : count), h('span', { class: 'verdict-name' }, verdict === 'failed' ? null : glyph(verdict), verdict),
    h('span', { class: 'verdict-meaning' }, meaning)));
  }
}

function makeDownloads() {
  const name = overview.title.replace(/[^\w-]+/g, '-').replace(/^-+|-+$/g, '') || 'study';
  const button = (text, action) => h('button', { type: 'button', onclick: action }, text);
  const saveCsv = (what, list) => download(`${name}-${what}.csv`, csv(list), 'text/csv;charset=utf-8');
  const host = byId('downloads');
  host.append(h('span', {}, 'Download'),
    button('what is shown (CSV)', () => saveCsv('shown', tidy(visible, shownModuli()))),
    button('the whole table (CSV)', () => saveCsv('table', tidy(records, moduli))),
    button('table and spectra (JSON)', () => download(`${name}.json`, JSON.stringify({
      title: overview.title, origin: overview.origin, table: tidy(records, moduli), comparisons: rowsOf(overview.comparisons),
      attribution: rowsOf(overview.attribution),
      words: rowsOf(overview.words),
      spectra: Object.fromEntries(done.filter(record => record.spectrum).map(record => {
        const { f, magnitude } = spectrum(record);
        return [record.key, { frequency: [...f], magnitude: [...magnitude].map(v => Number(v.toPrecision(5))) }];
      })),
    }, null, 1), 'application/json')));
  if (rowsOf(overview.comparisons).length) host.append(button('comparisons (CSV)', () => saveCsv('comparisons', rowsOf(overview.comparisons))));
  if (rowsOf(overview.words).length) host.append(button('words (CSV)', () => saveCsv('words', rowsOf(overview.words))));
  if (rowsOf(overview.attribution).length) host.append(button('attribution (CSV)', () => saveCsv('attribution', rowsOf(overview.attribution))));
}
