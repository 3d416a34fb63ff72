// What is known of n mod T against the tokens read: lines of models that train, dashed ones of what counts.

// As the figures for print have them: those of T = 2, 5 and 10 are theirs alone.
const LINES = ['#0072B2', '#D55E00', '#56B4E9', 'var(--ink)', '#8C6D31', '#999999'];

function makeTraining() {
  const list = rowsOf(overview.training);
  if (!list.length) return;
  byId('training').hidden = false;
  const Ts = [...new Set(list.map(row => row.T))].sort((a, b) => a - b);
  const models = [...new Set(list.map(row => row.model))];
  // Colours are for what trains; what counts is grey, apart by its dashes.
  const trains = models.filter(model => list.some(row => row.model === model && isNumber(row.step)));
  const counts = models.filter(model => !trains.includes(model));
  const line = model => trains.includes(model) ? { stroke: LINES[trains.indexOf(model) % LINES.length] }
    : { stroke: 'var(--muted)', 'stroke-dasharray': ['6 5', '2 4', '10 4'][counts.indexOf(model) % 3] };
  let chosen = Ts.includes(10) ? 10 : Ts[Ts.length - 1];
  const measures = Object.entries(overview.training_measures).filter(([name]) => list.some(row => isNumber(row[name])));
  let [[measured]] = measures;
  const plot = h('div', {}), seeds = h('div', {});
  const draw = () => {
    seeds.replaceChildren(...seedTable(rowsOf(overview.seeds).filter(row => row.T === chosen)));
    const own = list.filter(row => row.T === chosen && isNumber(row[measured]));
    const words = overview.training_measures[measured];
    plot.replaceChildren(own.length ? trainingPlot(own, chosen, measured, words, line)
      : h('p', { class: 'absent' }, `${words}: not measured at T = ${chosen}.`));
  };
  byId('training-body').append(
    h('div', { class: 'controls' }, h('span', {}, 'n mod'), choice('T along training', Ts.map(T => [T, String(T)]), chosen, T => { chosen = T; draw(); }),
      measures.length > 1 && choice('Measure along training', measures, measured, name => { measured = name; draw(); })),
    plot,
    h('ul', { class: 'line-names' }, models.map(model => h('li', {},
      svg('svg', { width: 26, height: 10, 'aria-hidden': 'true' }, svg('line', { x1: 0, x2: 26, y1: 5, y2: 5, 'stroke-width': 2.5, ...line(model) })), model))),
    seeds);
  draw();
}

// The last checkpoints of each system over its seeds.
function seedTable(own) {
  if (!own.length) return [];
  const several = name => new Set(own.map(row => row[name])).size > 1;
  const named = ['corpus', 'ordinals', 'condition'].filter(several);
  const name = row => [row.model, ...named.map(key => row[key])].join(' · ');
  const least = Math.max(...own.map(row => row.smallest_difference).filter(isNumber));
  return [
    h('table', { class: 'corpora' },
      h('caption', {}, `Over seeds, n mod ${own[0].T}`),
      h('thead', {}, h('tr', {}, ['system', 'seeds', 'kappa x 100', '95 % over seeds'].map(head => h('th', { scope: 'col' }, head)))),
      h('tbody', {}, own.map(row => h('tr', {}, h('th', { scope: 'row' }, name(row)),
        h('td', {}, row.seeds < row.asked ? `${row.seeds} of ${row.asked}` : String(row.seeds)), h('td', {}, fixed(row.kappa, 1)),
        h('td', {}, isNumber(row.low) ? `${fixed(row.low, 1)} to ${fixed(row.high, 1)}` : 'no spread known'))))),
    h('p', { class: 'hint' }, `The spread is that of all systems together, ${own[0].df} degrees of freedom. Two systems are told apart four times in five from a difference of ${fixed(least, 1)} on.`)];
}

function trainingPlot(own, T, measured, words, style) {
  const tokens = own.map(row => Math.log10(row.tokens)), values = own.map(row => row[measured]);
  const first = Math.min(...tokens) - 0.05, last = Math.max(...tokens) + 0.05;
  const span = Math.max(0, ...values) - Math.min(0, ...values) || 1;
  const low = Math.min(0, ...values) - span / 20, high = Math.max(0, ...values) + span / 20;
  const W = Math.min(820, Math.max(320, innerWidth - 60)), H = 340, L = 48, R = 14, Top = 12, Bottom = 42;
  const x = v => L + (W - L - R) * (Math.log10(v) - first) / (last - first);
  const y = v => Top + (H - Top - Bottom) * (high - v) / (high - low);
  const node = frame(W, H, `${words} of n mod ${T} along training`);
  for (const v of ticks(low, high, 6)) {
    node.append(svg('line', { x1: L, x2: W - R, y1: y(v), y2: y(v), class: v === 0 ? 'base' : 'rule' }), text(L - 8, y(v) + 4, String(v).replace('-', MINUS), 'tick', 'end'));
  }
  for (let power = Math.ceil(first); power <= last; power++) {
    node.append(svg('line', { x1: x(10 ** power), x2: x(10 ** power), y1: H - Bottom, y2: H - Bottom + 5, class: 'base' }),
      text(x(10 ** power), H - Bottom + 20, `10${[...String(power)].map(d => '⁰¹²³⁴⁵⁶⁷⁸⁹'[d]).join('')}`, 'tick', 'middle'));
  }
  node.append(text((L + W - R) / 2, H - 6, 'tokens read', 'tick', 'middle'));
  const lines = new Map();
  for (const row of own) {
    const key = JSON.stringify(isNumber(row.step) ? [row.model, row.condition, row.seed] : [row.model]);
    if (!lines.has(key)) lines.set(key, []);
    lines.get(key).push(row);
  }
  for (const points of lines.values()) {
    points.sort((a, b) => a.tokens - b.tokens);
    const trains = isNumber(points[0].step), drawn = style(points[0].model), { stroke } = drawn;
    const line = trains ? points.map(p => [p.tokens, p[measured]]) : means(points, measured);
    node.append(svg('path', { d: line.map(([at, value], i) => `${i ? 'L' : 'M'}${x(at).toFixed(1)} ${y(value).toFixed(1)}`).join(''), fill: 'none',
      'stroke-width': 1.8, ...drawn }));
    for (const p of points) {
      node.append(withTip(svg('circle', { cx: x(p.tokens), cy: y(p[measured]), r: W < 500 ? 2.5 : 3.5, fill: trains ? stroke : 'var(--surface)', stroke }),
        () => [p.model, `${words} ${fixed(p[measured], 1)} after ${grouped(p.tokens)} tokens`, p.condition, isNumber(p.seed) && `seed ${p.seed}`]));
    }
  }
  return h('figure', {}, h('figcaption', {}, `n mod ${T}`, h('span', {}, words)), node);
}

// Of what counts, the means over seeds: [tokens, value] by condition.
function means(points, measured) {
  const mean = (own, name) => own.reduce((sum, row) => sum + row[name], 0) / own.length;
  return [...new Set(points.map(row => row.condition))].map(condition => points.filter(row => row.condition === condition))
    .map(own => [mean(own, 'tokens'), mean(own, measured)]).sort(([a], [b]) => a - b);
}
