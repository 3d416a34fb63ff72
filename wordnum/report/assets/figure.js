// The main figure: one row per system, its spectrum strip and its kappas, as a keyboard grid.

const state = { filters: {}, text: '', shown: new Set(moduli), sort: null, descending: true, group: '' };
const rows = new Map();
let visible = [];

function kappaCell(record, T) {
  const kappa = measure(record, 'kappa', T);
  const words = kappaWords(record, T);
  const node = h('td', {
    role: 'gridcell', tabindex: -1, class: 'kappa', 'data-t': T, 'aria-label': words.slice(0, 3).join('; '),
  }, h('span', { class: 'value' }, fixed(kappa)), whisker(record, T));
  withTip(node, () => words);
  return tint(node, kappa, KAPPA_SCALE);
}

function stripCell(record) {
  const peaks = [2, 5, 10].filter(T => isNumber(measure(record, 'magnitude', T)))
    .map(T => `${fixed(measure(record, 'magnitude', T), 1)} at period ${T}`);
  const node = h('td', {
    role: 'gridcell', tabindex: -1, class: 'strip', 'aria-label': `Spectrum: ${peaks.join(', ') || 'not available'}`,
  });
  if (!record.spectrum) return node;
  const canvas = h('canvas', { width: 640, height: 1, 'aria-hidden': 'true' });
  node.append(canvas);
  return withTip(node, event => {
    const at = event.clientX === undefined || event.type.startsWith('focus') ? null : nearest(record, frequencyAt(event, canvas));
    const tests = [2, 5, 10].filter(T => isNumber(measure(record, 'magnitude', T))).map(T =>
      `period ${T}: ${fixed(measure(record, 'magnitude', T), 2)}, spike p ${probability(measure(record, 'spike_p', T))}`);
    return at ? [`Period ${periodName(at.f)}: ${fixed(at.magnitude, 2)} × median`, ...tests] : ['Spectrum', ...tests];
  });
}

function makeRow(record) {
  const sub = sublabel(record);
  const head = h('th', { role: 'rowheader', scope: 'row', tabindex: -1, class: 'system' },
    h('span', { class: 'system-name' }, record.system), sub && h('span', { class: 'system-sub' }, sub), maskOf(record),
    h('span', { class: 'system-tags' }, badge(record.status === 'done' ? record.paper_label : ''), tags(record)));
  const cellsOf = record.status === 'done'
    ? [stripCell(record), ...moduli.map(T => kappaCell(record, T))]
    : [h('td', { role: 'gridcell', tabindex: -1, class: 'failure', colspan: moduli.length + 1 }, record.error.split('\n')[0] || 'failed, with no message')];
  return h('tr', {
    role: 'row', 'data-record': record.key, class: record.status === 'done' ? '' : 'failed-row',
    onclick: event => openDetail(record, Number(event.target.closest('[data-t]')?.dataset.t) || null),
  }, head, cellsOf);
}

const SORTERS = {
  system: record => record.system.toLowerCase(),
  paper_label: record => -['both', 'partial', 'spectral', 'neither', ''].indexOf(record.paper_label),
  spectrum: record => measure(record, 'magnitude', 10) ?? measure(record, 'magnitude', 5) ?? -Infinity,
};

function sortValue(record) {
  if (typeof state.sort === 'number') return measure(record, 'kappa', state.sort) ?? -Infinity;
  return SORTERS[state.sort] ? SORTERS[state.sort](record) : record[state.sort] ?? '';
}

function compare(a, b) {
  const x = sortValue(a), y = sortValue(b);
  const order = typeof x === 'number' && typeof y === 'number' ? x - y
    : String(x).localeCompare(String(y), 'en', { numeric: true });
  return state.descending ? -order : order;
}

function sortBy(key, descending = typeof key === 'number' || ['spectrum', 'paper_label'].includes(key)) {
  if (key === null) state.sort = null;
  else if (state.sort === key && arguments.length === 1) state.descending = !state.descending;
  else { state.sort = key; state.descending = descending; }
  refresh();
}

function matches(record) {
  for (const [name, wanted] of Object.entries(state.filters)) {
    const value = name === 'paper_label' && record.status !== 'done' ? 'failed' : plain(record[name]);
    if (wanted.size && !wanted.has(value)) return false;
  }
  const text = [record.system, ...varying.map(name => plain(record[name])), record.paper_label].join(' ').toLowerCase();
  return state.text.toLowerCase().split(/\s+/).every(word => text.includes(word));
}

const shownModuli = () => moduli.filter(T => state.shown.has(T));

function headButton(key, label, spoken) {
  return h('button', { type: 'button', class: 'sorter', 'data-key': key, 'aria-label': `Sort by ${spoken}`, onclick: () => sortBy(key) }, label);
}

let grid, body;

function makeGrid() {
  grid = h('table', { role: 'grid', class: 'figure', 'aria-label': 'Spectra and kappas of all systems. Arrow keys move, Enter opens the details.' },
    h('thead', {}, h('tr', { role: 'row' },
      h('th', { role: 'columnheader', scope: 'col', class: 'system', 'data-key': 'system', 'data-label': 'System' }, headButton('system', 'System', 'system')),
      h('th', { role: 'columnheader', scope: 'col', class: 'strip', 'data-key': 'spectrum', 'data-label': 'Spectrum by period' },
        headButton('spectrum', 'Spectrum by period', 'the spike at period 10'), stripAxis()),
      moduli.map(T => h('th', { role: 'columnheader', scope: 'col', class: 'kappa', 'data-key': T, 'data-t': T, 'data-period': T, 'data-label': `mod ${T}` },
        headButton(T, h('span', {}, h('span', { class: 'mod' }, 'mod '), T), `kappa at T = ${T}`))))));
  grid.addEventListener('keydown', onGridKey);
  grid.addEventListener('focusin', event => {
    const node = event.target.closest('[role=gridcell],[role=rowheader]');
    if (!node) return;
    grid.querySelectorAll('tbody [tabindex="0"]').forEach(other => { other.tabIndex = -1; });
    node.tabIndex = 0;
    if (node.matches(':focus-visible') && node.dataset.t) {
      showTip({ target: node, type: 'focus' }, kappaWords(recordByKey.get(node.parentNode.dataset.record), Number(node.dataset.t)));
    } else hideTip();
  });
  grid.addEventListener('focusout', hideTip);
  records.forEach(record => rows.set(record.key, makeRow(record)));
  byId('grid').append(grid);
}

const gridLine = row => [...row.children].filter(node => !node.hidden);

function onGridKey(event) {
  const node = event.target.closest('[role=gridcell],[role=rowheader]');
  if (!node) return;
  const row = node.parentNode, line = gridLine(row), at = line.indexOf(node);
  const all = [...grid.querySelectorAll('tbody tr[data-record]')], r = all.indexOf(row);
  if (event.key === 'Enter' || event.key === ' ') {
    event.preventDefault();
    openDetail(recordByKey.get(row.dataset.record), Number(node.dataset.t) || null);
    return;
  }
  const target = {
    ArrowRight: [r, at + 1], ArrowLeft: [r, at - 1], ArrowDown: [r + 1, at], ArrowUp: [r - 1, at],
    Home: [event.ctrlKey ? 0 : r, 0], End: [event.ctrlKey ? all.length - 1 : r, Infinity],
    PageDown: [Math.min(all.length - 1, r + 10), at], PageUp: [Math.max(0, r - 10), at],
  }[event.key];
  if (!target) return;
  event.preventDefault();
  const next = all[Math.min(all.length - 1, Math.max(0, target[0]))];
  const cellsOfNext = gridLine(next);
  cellsOfNext[Math.min(cellsOfNext.length - 1, Math.max(0, target[1]))].focus();
}

function refresh() {
  visible = records.filter(matches);
  if (state.sort !== null) visible = [...visible].sort(compare);
  const groups = new Map();
  for (const record of visible) {
    const name = state.group ? plain(record[state.group]) : '';
    if (!groups.has(name)) groups.set(name, []);
    groups.get(name).push(record);
  }
  grid.querySelectorAll('tbody').forEach(old => old.remove());
  for (const [name, members] of groups) {
    grid.append(h('tbody', {}, state.group && h('tr', { role: 'row', class: 'group' },
      h('th', { role: 'rowheader', scope: 'rowgroup', colspan: moduli.length + 2 },
        `${FIELD[state.group]}: ${name}`, h('span', { class: 'count' }, ` ${members.length}`))),
    members.map(record => rows.get(record.key))));
  }
  if (!visible.length) {
    grid.append(h('tbody', {}, h('tr', { role: 'row', class: 'empty' },
      h('td', { role: 'gridcell', colspan: moduli.length + 2 }, 'No system matches the filters. ',
        h('button', { type: 'button', onclick: clearFilters }, 'Show all')))));
  }
  grid.style.setProperty('--moduli', state.shown.size);
  grid.querySelectorAll('[data-t]').forEach(node => { node.hidden = !state.shown.has(Number(node.dataset.t)); });
  grid.querySelectorAll('thead th').forEach(head => {
    const sorted = String(state.sort) === head.dataset.key;
    if (sorted) head.setAttribute('aria-sort', state.descending ? 'descending' : 'ascending');
    else head.removeAttribute('aria-sort');
  });
  const first = grid.querySelector('tbody tr[data-record] > *');
  if (first && !grid.querySelector('tbody [tabindex="0"]')) first.tabIndex = 0;
  byId('shown').textContent = visible.length === records.length
    ? `${records.length} ${records.length === 1 ? 'system' : 'systems'}` : `${visible.length} of ${records.length} systems`;
  refreshFilters();
  redrawTree();
  redrawComparisons();
}

function repaint() {
  for (const [id, row] of rows) {
    const canvas = row.querySelector('canvas');
    if (canvas) paintStrip(canvas, recordByKey.get(id));
  }
  paintLegend();
}

function paintLegend() {
  const bar = h('canvas', { width: 160, height: 1, class: 'ramp' });
  const context = bar.getContext('2d'), image = context.createImageData(160, 1);
  for (let x = 0; x < 160; x++) image.data.set([...ramp(1 + (SPECTRUM_TOP - 1) * x / 159), 255], 4 * x);
  context.putImageData(image, 0, 0);
  byId('legend').replaceChildren(
    h('span', {}, h('b', {}, 'Spectrum'), ' × median ', h('span', { class: 'num' }, '1'), bar, h('span', { class: 'num' }, `${SPECTRUM_TOP}+`)),
    h('span', {}, h('b', {}, 'Kappa'), ' × 100 ', h('span', { class: 'num' }, `${MINUS}${KAPPA_SCALE}`),
      h('span', { class: 'kappa-ramp' }), h('span', { class: 'num' }, String(KAPPA_SCALE))),
    h('span', { class: 'key' }, svg('svg', { class: 'whisker', width: 74, height: 10 },
      svg('line', { x1: 10, x2: 10, y1: 0.5, y2: 9.5, class: 'zero' }), svg('line', { x1: 10, x2: 24, y1: 5, y2: 5, class: 'null' }),
      svg('line', { x1: 42, x2: 70, y1: 5, y2: 5, class: 'interval' }), svg('circle', { cx: 56, cy: 5, r: 2.4, class: 'dot' })),
    'zero, null, kappa with 95 % interval'),
    h('span', { class: 'key' }, svg('svg', { class: 'whisker', width: 12, height: 10 }, svg('circle', { cx: 6, cy: 5, r: 2.4, class: 'dot hollow' })), 'no interval'),
    h('span', { class: 'key' }, glyph('partial'), 'label of the paper: left the spike, right the geometry'));
}
