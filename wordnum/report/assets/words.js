// Words that carry n mod T: a row per word, its residuals by residue, and its odds ratio.

const WIDEST = 20;

function makeWords() {
  const list = rowsOf(overview.words);
  if (!list.length) return;
  byId('words').hidden = false;
  const labels = [...new Set(list.map(row => row.label))];
  const Ts = [...new Set(list.map(row => row.T))].sort((a, b) => a - b);
  let label = labels[0], T = Ts.includes(10) ? 10 : Ts[Ts.length - 1];
  const host = h('div', {});
  const redraw = () => host.replaceChildren(...wordTable(list.filter(row => row.label === label && row.T === T), T));
  byId('words-body').append(h('div', { class: 'controls' },
    labels.length > 1 && h('label', { class: 'pick' }, 'Text ', h('select', { onchange: event => { label = labels[event.target.selectedIndex]; redraw(); } }, labels.map(key => h('option', {}, key)))),
    labels.length === 1 && h('span', { class: 'count' }, label),
    h('span', {}, 'n mod'), choice('T of the words', Ts.map(value => [value, String(value)]), T, value => { T = value; redraw(); })), host);
  redraw();
}

const placed = ({ word, side }) => {
  const [where, distance] = side.split(' ');
  const quoted = /[\p{L}\p{N}]/u.test(word) ? word : `“${word}”`;
  const name = where === 'left' ? `${quoted} …` : where === 'right' ? `… ${quoted}` : quoted;
  return distance ? `${name} (${distance})` : name;
};

function wordTable(own, T) {
  if (!own.length) return [h('p', { class: 'hint' }, `No word was tested at T = ${T}.`)];
  const confirmed = own.filter(row => row.confirmed).length;
  const cell = (value, r) => tint(h('td', { class: 'residue', 'aria-label': `residue ${r}: ${fixed(value, 1)}` }), value, 12);
  return [
    h('p', { class: 'told' }, own[0].told),
    h('p', { class: 'counted' }, `${confirmed} of the ${own.length} shown are confirmed; ${own[0].confirmed_in_all} of the ${own[0].tested} tested are. Odds ratios: ${own[0].class} against all others.`),
    h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Table of words' }, h('table', { class: 'heat words' },
      h('thead', {}, h('tr', {}, ['Word', 'odds ratio', 'share', 'q', 'F', ...own[0].residues.keys(), 'odds ratio, log scale'].map(head => h('th', { scope: 'col' }, head)))),
      h('tbody', {}, own.map(row => withTip(h('tr', { class: row.confirmed ? '' : 'unsure' },
        h('th', { scope: 'row' }, placed(row)), h('td', {}, isNumber(row.odds_ratio) ? significant(row.odds_ratio, 2) : DASH),
        h('td', {}, isNumber(row.share) ? percent(row.share) : DASH), h('td', {}, probability(row.q_value)), h('td', {}, fixed(row.f, 1)),
        row.residues.map(cell), h('td', { class: 'ratio' }, ratioLine(row))),
      () => [placed(row), row.sentence, `${grouped(row.count)} pairs`, isNumber(row.low) && `odds ratio ${significant(row.odds_ratio, 2)}, ${significant(row.low, 2)} to ${significant(row.high, 2)}`,
        !row.confirmed && 'not confirmed'])))))].filter(Boolean);
}

function ratioLine({ odds_ratio: ratio, low, high }) {
  const at = v => `${(50 + 50 * Math.max(-1, Math.min(1, Math.log(v) / Math.log(WIDEST)))).toFixed(1)}%`;
  const known = isNumber(ratio) && ratio > 0;
  const kind = ratio < 1 ? ' less' : '', clear = isNumber(low) && (low > 1 || high < 1);
  return svg('svg', { width: 120, height: 16, 'aria-hidden': 'true' },
    svg('line', { x1: '50%', x2: '50%', y1: 0, y2: 16, class: 'base' }),
    known && isNumber(low) && svg('line', { x1: at(low), x2: at(high), y1: 8, y2: 8, class: `interval${kind}` }),
    known && svg('circle', { cx: at(ratio), cy: 8, r: 4, class: `dot${kind}${clear ? '' : ' hollow'}` }));
}
