// Below the figure: warnings, comparisons, attribution, reasons, failures, origin.

function makeHead() {
  byId('title').textContent = overview.title;
  byId('headline').append(...overview.headline.map(({ corpus, sentences }) => h('p', {},
    overview.headline.length > 1 && h('b', {}, `${corpus}: `), sentences.join(' '))));
  const shared = Object.entries(overview.constant).filter(([name, value]) => value !== '' && (!['seed', 'positional'].includes(name) || value) && !(name === 'window_weighting' && value === 'flat'))
    .map(([name, value]) => `${FIELD[name].toLowerCase()} ${name === 'ordinals' && value === 'keep' ? 'kept' : plain(value)}`);
  const origin = overview.origin;
  byId('lede').append(...[
    typeof origin.description === 'string' && h('span', { class: 'description' }, origin.description),
    shared.length > 0 && h('span', { class: 'shared' }, `In every system: ${shared.join(', ')}.`),
  ].filter(Boolean));
  for (const section of document.querySelectorAll('main > section:not([hidden])')) {
    const words = { figure: 'Figure', reading: 'How to read', tree: 'Verdicts', comparisons: 'Comparisons', training: 'Training', attribution: 'Attribution', words: 'Words', reasons: 'Labels', failed: 'Failures', made: 'How it was made' };
    byId('jump').append(h('a', { href: `#${section.id}` }, words[section.id]));
  }
}

function makeWarnings() {
  const few = done.filter(record => record.notices.some(({ kind }) => kind === 'too-little'));
  const spelling = done.filter(record => record.notices.some(({ kind }) => kind === 'spelling'));
  const failed = records.length - done.length;
  const some = (list, words) => `${list.length === done.length ? 'All systems' : `${list.length} of ${done.length} systems`} ${words}`;
  const lines = [
    few.length && ['too-little', few.length === done.length ? 'Too little data to conclude from. ' : 'Too little data in places. ', some(few, 'had too few documents or too few numbers; take them as a trial run, not as a result.')],
    spelling.length && ['spelling', 'Spelling leaks. ', some(spelling, 'keep ordinals or subwords, whose letters tell the last digit.')],
    failed && ['failed', 'Failures. ', `${failed} of ${records.length} runs ended with an error; the rest is complete.`],
    overview.left_out && ['note', 'Size. ', `In this file ${overview.left_out}.`],
  ].filter(Boolean);
  if (lines.length) byId('warnings').append(h('ul', { class: 'warnings' }, lines.map(([kind, head, words]) => h('li', { class: `n-${kind}` }, h('b', {}, head), words))));
}

const nameOf = row => recordByKey.has(row.key) ? fullLabel(recordByKey.get(row.key)) : row.condition;

// "swap-numbers costs 12 ± 3 points at T = 10"
function sentence(row, here, T) {
  if (!here || !isNumber(here.difference)) return `${row.condition}: not compared at T = ${T}`;
  const half = isNumber(here.low) ? ` ± ${fixed((here.high - here.low) / 2, 1)}` : '';
  const seen = isNumber(here.low) && here.low * here.high <= 0 ? `; a difference under ${fixed(here.smallest_difference, 1)} would be missed more than one time in five` : '';
  return `${row.condition} ${here.difference < 0 ? 'costs' : 'gains'} ${fixed(Math.abs(here.difference), 1)}${half} points at T = ${T}${seen}`;
}

let redrawComparisons = () => {};

function makeComparisons() {
  const list = rowsOf(overview.comparisons);
  if (!list.length) return;
  byId('comparisons').hidden = false;
  const pairs = new Map();
  for (const row of list) {
    const key = JSON.stringify([row.key, row.against]);
    if (!pairs.has(key)) pairs.set(key, { row, byT: new Map() });
    if (isNumber(row.T)) pairs.get(key).byT.set(row.T, row);
  }
  const Ts = [...new Set(list.map(row => row.T).filter(isNumber))].sort((a, b) => a - b);
  let chosen = Ts.includes(10) ? 10 : Ts[Ts.length - 1], text = '', order = 'table';
  const table = h('div', { class: 'forest', role: 'list' });
  const count = h('span', { class: 'count', role: 'status' });
  const range = Math.max(5, ...list.flatMap(row => [row.low, row.high, row.difference]).filter(isNumber).map(Math.abs)) * 1.04;
  const at = v => `${(50 + 50 * v / range).toFixed(2)}%`;
  const draw = () => {
    const inFigure = new Set(visible.map(record => record.key));
    let entries = [...pairs.values()].filter(({ row }) => !recordByKey.has(row.key) || inFigure.has(row.key)).filter(({ row }) => text.toLowerCase().split(/\s+/).every(word =>
      `${nameOf(row)} ${row.against_condition}`.toLowerCase().includes(word)));
    if (order === 'size') entries = [...entries].sort((a, b) => (a.byT.get(chosen)?.difference ?? Infinity) - (b.byT.get(chosen)?.difference ?? Infinity));
    count.textContent = `${entries.length} of ${pairs.size} ${pairs.size > 1 ? 'pairs' : 'pair'} of systems`;
    table.replaceChildren(h('div', { class: 'forest-head', 'aria-hidden': 'true' }, h('span', {}), h('span', { class: 'forest-axis' },
      ticks(-range, range, innerWidth < 640 ? 4 : 8).map(v => h('span', { style: { left: at(v) } }, fixed(v)))), h('span', {})),
    ...entries.map(({ row, byT }) => {
      const here = byT.get(chosen);
      const clear = here && isNumber(here.low) && here.low * here.high > 0;
      const unseen = here && isNumber(here.low) && !clear && h('small', {}, `a difference under ${fixed(here.smallest_difference, 1)} would be missed more than one time in five`);
      const words = !here || !isNumber(here.difference) ? (here || row).reason || 'not compared'
        : `${fixed(here.difference, 1)}${isNumber(here.low) ? `, ${between(here.low, here.high)}` : ', no interval'}`;
      const line = h('div', { class: 'forest-row', role: 'listitem' },
        h('span', { class: 'forest-name' }, nameOf(row), h('small', {}, `against ${row.against_condition}`), maskOf(row)),
        h('span', { class: 'forest-plot', 'aria-hidden': 'true' }, svg('svg', { width: '100%', height: 22 },
          svg('line', { x1: '50%', x2: '50%', y1: 0, y2: 22, class: 'base' }),
          here && isNumber(here.low) && svg('line', { x1: at(here.low), x2: at(here.high), y1: 11, y2: 11, class: here.difference < 0 ? 'interval less' : 'interval' }),
          here && isNumber(here.difference) && svg('circle', { cx: at(here.difference), cy: 11, r: 4.5, class: `dot${here.difference < 0 ? ' less' : ''}${clear ? '' : ' hollow'}` }))),
        h('span', { class: 'forest-words' }, words, unseen));
      return withTip(line, () => [sentence(row, here, chosen), ...Ts.filter(T => T !== chosen).map(T => `mod ${T}: ${fixed(byT.get(T)?.difference, 1)}`)]);
    }));
  };
  byId('comparisons-body').append(h('div', { class: 'controls' }, h('span', {}, 'n mod'), choice('T of the comparisons', Ts.map(T => [T, String(T)]), chosen, T => { chosen = T; draw(); }),
    choice('Order', [['table', 'table order'], ['size', 'by size']], order, value => { order = value; draw(); }),
    pairs.size > 8 && h('input', { type: 'search', placeholder: 'Find a comparison', 'aria-label': 'Find a comparison', oninput: event => { text = event.target.value.trim(); draw(); } }), count), table);
  redrawComparisons = draw;
}

function makeAttribution() {
  const list = rowsOf(overview.attribution);
  if (!list.length) return;
  byId('attribution').hidden = false;
  const systems = [...new Set(list.map(row => row.label))];
  let system = systems[0], view = list.some(row => isNumber(row.shapley)) ? 'shapley' : 'single_group', chosen = moduli.includes(10) ? 10 : moduli[moduli.length - 1];
  const heat = h('div', { class: 'attribution-heat' }), lines = h('div', { class: 'attribution-lines' }), digits = h('div', { class: 'attribution-digits' });
  const names = { shapley: 'Shapley', single_group: 'single group', leave_one_out: 'leave-one-out' };
  const redraw = () => {
    const own = list.filter(row => (row.label) === system);
    const total = own.filter(row => !isNumber(row.digit));
    heat.replaceChildren(attributionHeat(total, view, names[view], T => { chosen = T; redraw(); }, chosen));
    lines.replaceChildren(attributionLines(total.filter(row => Number(row.T) === chosen), chosen));
    const last = own.filter(row => isNumber(row.digit) && Number(row.T) === chosen);
    digits.replaceChildren(...(last.length ? [attributionDigits(last, view, names[view], chosen)] : []));
  };
  const views = Object.entries(names).filter(([name]) => list.some(row => isNumber(row[name])));
  byId('attribution-body').append(h('div', { class: 'controls' },
    systems.length > 1 && h('label', { class: 'pick' }, 'System ', h('select', { onchange: event => { system = systems[event.target.selectedIndex]; redraw(); } }, systems.map(key => h('option', {}, key)))),
    systems.length === 1 && h('span', { class: 'count' }, system),
    choice('Measure', views, view, value => { view = value; redraw(); })),
  h('div', { class: 'attribution-pair' }, heat, lines), digits);
  redraw();
}

function attributionHeat(own, view, name, onpick, chosen) {
  const Ts = [...new Set(own.map(row => Number(row.T)))].sort((a, b) => a - b);
  const scale = Math.max(5, ...own.map(row => Math.abs(row[view] || 0)));
  const groups = [...new Set(own.map(row => row.group))];
  const find = (group, T) => own.find(row => row.group === group && Number(row.T) === T);
  const words = row => [`${row.group}, mod ${row.T}`, isNumber(row.shapley) && `Shapley ${fixed(row.shapley, 1)}${isNumber(row.low) ? ` (${between(row.low, row.high)})` : ''}`,
    isNumber(row.single_group) && `single group ${fixed(row.single_group, 1)}`, isNumber(row.leave_one_out) && `leave-one-out: loses ${fixed(row.leave_one_out, 1)}`];
  const sums = view === 'shapley' && h('tr', { class: 'sum' }, h('th', { scope: 'row' }, 'sum: the whole'),
    Ts.map(T => h('td', {}, fixed(own.filter(row => Number(row.T) === T).reduce((a, row) => a + (row.shapley || 0), 0)))));
  return h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Attribution table' }, h('table', { class: 'heat' },
    h('caption', {}, `Kappa points, ${name}`),
    h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'Context group'), Ts.map(T => h('th', { scope: 'col', class: T === chosen ? 'chosen' : '' },
      h('button', { type: 'button', class: 'sorter', 'aria-pressed': String(T === chosen), 'aria-label': `Show mod ${T} beside`, onclick: () => onpick(T) }, T))))),
    h('tbody', {}, groups.map(group => h('tr', {}, h('th', { scope: 'row' }, group), Ts.map(T => {
      const row = find(group, T);
      const node = tint(h('td', {}, row ? fixed(row[view]) : DASH), row ? row[view] : null, scale);
      return row ? withTip(node, () => words(row)) : node;
    }))), sums)));
}

function attributionLines(own, T) {
  const key = own.some(row => isNumber(row.shapley)) ? 'shapley' : 'single_group';
  const sorted = [...own].sort((a, b) => (b[key] ?? -Infinity) - (a[key] ?? -Infinity));
  const values = own.flatMap(row => [row.shapley, row.single_group, row.leave_one_out, row.low, row.high]).filter(isNumber);
  const low = Math.min(0, ...values) * 1.05, high = Math.max(5, ...values) * 1.05;
  const W = 520, L = 138, R = 14, step = 26, Top = 30, H = Top + step * sorted.length + 26;
  const x = v => L + (W - L - R) * (v - low) / (high - low);
  const node = frame(W, H, `Attribution of n mod ${T} to context groups`);
  for (const v of ticks(low, high, 5)) {
    node.append(svg('line', { x1: x(v), x2: x(v), y1: Top - 6, y2: H - 24, class: v === 0 ? 'base' : 'rule' }), svg('text', { x: x(v), y: H - 8, class: 'tick', 'text-anchor': 'middle' }, fixed(v)));
  }
  sorted.forEach((row, i) => {
    const y = Top + step * (i + 0.5);
    node.append(withTip(svg('g', {}, text(L - 8, y + 4, row.group.length > 21 ? `${row.group.slice(0, 20)}…` : row.group, 'tick group-name', 'end'),
      isNumber(row.shapley) && svg('rect', { x: Math.min(x(0), x(row.shapley)), width: Math.max(1, Math.abs(x(row.shapley) - x(0))), y: y - 8, height: 16, rx: 2, class: row.shapley < 0 ? 'bar less' : 'bar' }),
      isNumber(row.low) && svg('line', { x1: x(row.low), x2: x(row.high), y1: y, y2: y, class: 'interval-thin' }),
      isNumber(row.single_group) && svg('circle', { cx: x(row.single_group), cy: y, r: 4.5, class: 'single' }),
      isNumber(row.leave_one_out) && svg('path', { d: `M${x(row.leave_one_out)} ${y - 5.5}l5.5 5.5l-5.5 5.5l-5.5 -5.5z`, class: 'loss' })),
    () => [row.group, isNumber(row.shapley) && `Shapley ${fixed(row.shapley, 1)}${isNumber(row.low) ? ` (${between(row.low, row.high)})` : ''}`, isNumber(row.single_group) && `single group ${fixed(row.single_group, 1)}`, isNumber(row.leave_one_out) && `leave-one-out: loses ${fixed(row.leave_one_out, 1)}`]));
  });
  node.append(svg('rect', { x: L, y: 4, width: 14, height: 11, rx: 2, class: 'bar' }), text(L + 20, 14, 'Shapley', 'tick', 'start'),
    svg('circle', { cx: L + 90, cy: 10, r: 4.5, class: 'single' }), text(L + 100, 14, 'single group', 'tick', 'start'),
    svg('path', { d: `M${L + 190} 4.5l5.5 5.5l-5.5 5.5l-5.5 -5.5z`, class: 'loss' }), text(L + 202, 14, 'leave-one-out loss', 'tick', 'start'));
  return h('figure', {}, h('figcaption', {}, `n mod ${T}`, h('span', {}, 'kappa points by context group')), node);
}

function attributionDigits(own, view, name, T) {
  const scale = Math.max(1e-9, ...own.map(row => Math.abs(row[view] || 0)));
  const groups = [...new Set(own.map(row => row.group))], digitsFound = [...new Set(own.map(row => Number(row.digit)))].sort((a, b) => a - b);
  return h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Attribution by last digit' }, h('table', { class: 'heat' },
    h('caption', {}, `By last digit, n mod ${T}, ${name}`, h('span', { class: 'caption-note' }, 'points of recall, in per cent')),
    h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'Context group'), digitsFound.map(digit => h('th', { scope: 'col' }, digit)))),
    h('tbody', {}, groups.map(group => h('tr', {}, h('th', { scope: 'row' }, group), digitsFound.map(digit => {
      const row = own.find(r => r.group === group && Number(r.digit) === digit);
      return tint(h('td', {}, row ? fixed(row[view], 1) : DASH), row ? row[view] : null, scale);
    }))))));
}

function makeReasons() {
  const host = byId('reasons-body');
  for (const [verdict, meaning] of Object.entries(LABELS)) {
    const members = done.filter(record => record.paper_label === verdict);
    if (!members.length) continue;
    host.append(h('details', { class: 'verdict-group', open: members.length <= 6 && done.length <= 24 },
      h('summary', {}, badge(verdict), h('span', { class: 'count' }, `${members.length}`), h('span', { class: 'verdict-meaning' }, meaning)),
      h('ul', { class: 'verdict-list' }, members.map(record => h('li', {},
        h('button', { type: 'button', class: 'link', onclick: () => openDetail(record, null) }, fullLabel(record)),
        h('p', {}, record.reasons.join('; ')), noticeList(record))))));
  }
}

function makeFailures() {
  const failed = records.filter(record => record.status !== 'done').map(record => [fullLabel(record), record.error || 'no message']);
  const others = (overview.origin.failures || []).map(words => ['Beside the runs', words]);
  if (!failed.length && !others.length) return;
  byId('failed').hidden = false;
  byId('failed-body').append(...[...failed, ...others].map(([name, words]) =>
    h('article', { class: 'failure-card' }, h('h3', {}, name), h('pre', {}, words))));
}

const STAGES = ['encode', 'count', 'measure', 'attribute', 'words'];

function makeOrigin() {
  const { command, versions, corpora, description, name, title, failures, seconds: spent, fingerprint, ...rest } = overview.origin;
  const known = corpora || [];
  const host = byId('made-body');
  const commands = [...known.flatMap(corpus => corpus.encoded_by || []), command].filter(Boolean).join('\n');
  if (commands) {
    const copy = h('button', { type: 'button', onclick: async () => {
      try { await navigator.clipboard.writeText(commands); copy.textContent = 'Copied'; } catch { getSelection().selectAllChildren(code); copy.textContent = 'Press Ctrl+C'; }
      setTimeout(() => { copy.textContent = 'Copy'; }, 1600);
    } }, 'Copy');
    const code = h('code', {}, commands);
    host.append(h('p', { class: 'label' }, `Command${commands.includes('\n') ? 's' : ''} to repeat`), h('div', { class: 'command' }, h('pre', {}, code), copy));
  }
  const total = done.reduce((sum, record) => sum + (record.seconds || 0), 0);
  const part = (label, pairs) => h('div', { class: 'made-part' }, h('p', { class: 'label' }, label), facts(pairs));
  host.append(h('div', { class: 'made' },
    part('Extent', [['Runs', `${done.length} done, ${records.length - done.length} failed`], ['Moduli', moduli.join(', ')],
      rest.spec?.seeds && ['Seeds', rest.spec.seeds.join(', ')], fingerprint && ['Hash of the study', h('code', {}, fingerprint)],
      total > 0 && ['Time in runs', seconds(total)]]),
    spent && part('Time of the last run', STAGES.filter(stage => stage in spent)
      .map(stage => [stage, spent[stage] >= 0.05 ? seconds(spent[stage]) : 'from the cache'])),
    versions && part('Versions', Object.entries(versions).map(([name, value]) => [name, h('code', {}, value)]))));
  if (known.length) host.append(h('p', { class: 'label' }, 'Corpora'), corpusTable(known));
  if (Object.keys(rest).length) {
    host.append(h('details', { class: 'raw' }, h('summary', {}, 'The whole specification'), h('pre', {}, JSON.stringify(rest, null, 2))));
  }
}

// How the text was encoded, as the corpus itself has it.
const readAs = ({ encoding: how }) => how && h('small', {}, [how.separator && `separator ${how.separator}`, how.field && `field ${how.field}`,
  `tokenizer ${how.tokenizer}`, `${grouped(how.vocabulary_size)} words`, `duplicates ${how.drop_duplicates ? 'dropped' : 'kept'}`].filter(Boolean).join(', '));

function corpusTable(list) {
  const columns = [['documents', 'Documents'], ['tokens', 'Tokens'], ['numbers', 'Numbers'], ['distinct_numbers', 'Distinct']];
  return h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Corpora' }, h('table', { class: 'corpora' },
    h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'Corpus'), h('th', { scope: 'col', class: 'words' }, 'Numerals'), columns.map(([, words]) => h('th', { scope: 'col' }, words)),
      ['Hash', 'Licence'].map(words => h('th', { scope: 'col', class: 'words' }, words)))),
    h('tbody', {}, list.map(corpus => h('tr', {}, h('th', { scope: 'row' }, corpus.title || corpus.name, readAs(corpus), corpus.error && h('pre', { class: 'error' }, corpus.error)),
      h('td', { class: 'words' }, `${corpus.numerals}, ordinals ${corpus.ordinals === 'keep' ? 'kept' : 'out'}`),
      columns.map(([name]) => h('td', {}, grouped(corpus[name]))),
      h('td', { class: 'words' }, h('code', {}, String(corpus.fingerprint || DASH).slice(0, 16))), h('td', { class: 'words' }, corpus.licence || DASH))))));
}
