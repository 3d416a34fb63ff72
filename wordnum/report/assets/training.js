// Kappa against the tokens read: lines of models that train, dashed ones of what counts.

const LINES = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#B8860B', '#3A9BD9', '#777777'];

function makeTraining() {
  const list = rowsOf(overview.training);
  if (!list.length) return;
  byId('training').hidden = false;
  const Ts = [...new Set(list.map(row => row.T))].sort((a, b) => a - b);
  const models = [...new Set(list.map(row => row.model))];
  const color = model => LINES[models.indexOf(model) % LINES.length];
  let chosen = Ts.includes(10) ? 10 : Ts[Ts.length - 1];
  const plot = h('div', {});
  const draw = () => plot.replaceChildren(trainingPlot(list.filter(row => row.T === chosen), chosen, color));
  byId('training-body').append(
    h('div', { class: 'controls' }, h('span', {}, 'n mod'), choice('T along training', Ts.map(T => [T, String(T)]), chosen, T => { chosen = T; draw(); })),
    plot,
    h('ul', { class: 'line-names' }, models.map(model => h('li', {},
      svg('svg', { width: 26, height: 10, 'aria-hidden': 'true' }, svg('line', { x1: 0, x2: 26, y1: 5, y2: 5, stroke: color(model), 'stroke-width': 2.5,
        'stroke-dasharray': list.some(row => row.model === model && isNumber(row.step)) ? null : '5 4' })), model))));
  draw();
}

function trainingPlot(own, T, color) {
  const tokens = own.map(row => Math.log10(row.tokens)), kappas = own.map(row => row.kappa).filter(isNumber);
  const first = Math.min(...tokens) - 0.05, last = Math.max(...tokens) + 0.05;
  const low = Math.min(0, ...kappas) - 2, high = Math.max(10, ...kappas) + 2;
  const W = 820, H = 340, L = 44, R = 14, Top = 12, Bottom = 42;
  const x = v => L + (W - L - R) * (Math.log10(v) - first) / (last - first);
  const y = v => Top + (H - Top - Bottom) * (high - v) / (high - low);
  const node = frame(W, H, `Kappa of n mod ${T} along training`);
  for (const v of ticks(low, high, 6)) {
    node.append(svg('line', { x1: L, x2: W - R, y1: y(v), y2: y(v), class: v === 0 ? 'base' : 'rule' }), text(L - 8, y(v) + 4, fixed(v), 'tick', 'end'));
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
    const trains = isNumber(points[0].step), stroke = color(points[0].model);
    node.append(svg('path', { d: points.map((p, i) => `${i ? 'L' : 'M'}${x(p.tokens).toFixed(1)} ${y(p.kappa).toFixed(1)}`).join(''), fill: 'none', stroke,
      'stroke-width': 1.8, 'stroke-dasharray': trains ? null : '6 5' }));
    for (const p of points) {
      node.append(withTip(svg('circle', { cx: x(p.tokens), cy: y(p.kappa), r: 3.5, fill: trains ? stroke : 'var(--surface)', stroke }),
        () => [p.model, `kappa ${fixed(p.kappa, 1)} after ${grouped(p.tokens)} tokens`, p.condition, isNumber(p.seed) && `seed ${p.seed}`]));
    }
  }
  return h('figure', {}, h('figcaption', {}, `n mod ${T}`, h('span', {}, 'kappa x 100')), node);
}
