// One system, opened: its spectrum line, kappas, confusion, recall, circle and Fisher discriminant.

const panel = byId('detail');
let opened = { record: null, T: 10, from: null };

function openDetail(record, T) {
  const from = document.activeElement && grid.contains(document.activeElement) ? document.activeElement
    : rows.get(record.key).firstElementChild;
  opened = { record, T: T || (moduli.includes(opened.T) ? opened.T : moduli[moduli.length - 1]), from };
  renderDetail();
  if (!panel.open) { panel.showModal(); moveTip(panel); }
  panel.scrollTop = 0;
  panel.querySelector('h2').focus();
}

function closeDetail() { if (panel.open) panel.close(); }

panel.addEventListener('close', () => {
  moveTip(document.body);
  history.replaceState(null, '', location.pathname + location.search);
  const row = opened.record && rows.get(opened.record.key);
  const target = opened.from && opened.from.isConnected && row.contains(opened.from) ? opened.from : row?.firstElementChild;
  if (target && target.isConnected) target.focus();
});
panel.addEventListener('click', event => { if (event.target === panel) closeDetail(); });
panel.addEventListener('keydown', event => {
  if (event.target.matches('button[role=radio], input, select') || event.altKey || event.ctrlKey) return;
  if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') stepDetail(event.key === 'ArrowRight' ? 1 : -1);
});

function stepDetail(step) {
  const list = visible.includes(opened.record) ? visible : records;
  const next = list[(list.indexOf(opened.record) + step + list.length) % list.length];
  openDetail(next, opened.T);
}

function renderDetail() {
  const { record, T } = opened;
  const list = visible.includes(record) ? visible : records;
  const bar = h('div', { class: 'detail-bar' },
    h('span', { class: 'count' }, `${list.indexOf(record) + 1} of ${list.length}`),
    h('button', { type: 'button', 'aria-label': 'Previous system', onclick: () => stepDetail(-1) }, '←'),
    h('button', { type: 'button', 'aria-label': 'Next system', onclick: () => stepDetail(1) }, '→'),
    h('button', { type: 'button', class: 'close', 'aria-label': 'Close', onclick: closeDetail }, 'Close'));
  const sub = sublabel(record);
  const head = h('header', { class: 'detail-head' }, h('h2', { id: 'detail-h', tabindex: -1 }, record.system),
    sub && h('p', { class: 'system-sub' }, sub),
    h('p', { class: 'detail-verdict' }, badge(record.status === 'done' ? record.paper_label : ''), ' ',
      record.status === 'done' ? `label of the paper: ${LABELS[record.paper_label] || ''}` : ''),
    record.reasons.length > 0 && h('ul', { class: 'reasons' }, record.reasons.map(reason => h('li', {}, reason))),
    noticeList(record));
  const main = h('div', { class: 'detail-main' });
  panel.replaceChildren(bar, head, main, identityList(record));
  history.replaceState(null, '', `#record=${encodeURIComponent(record.key)}&T=${T}`);
  if (record.status !== 'done') {
    main.append(h('pre', { class: 'error' }, record.error || 'failed, with no message'));
    return;
  }
  const perT = h('div', { class: 'panels' });
  main.append(h('figure', { class: 'wide' }, h('figcaption', {}, 'Spectrum', h('span', {}, 'magnitude by frequency, divided by the median')), spectrumLine(record)),
    h('div', { class: 'choose-t' }, h('span', { id: 'choose-t' }, 'n mod'), choice('T', moduli.map(m => [m, String(m)]), T, value => {
      opened.T = value;
      history.replaceState(null, '', `#record=${encodeURIComponent(record.key)}&T=${value}`);
      perT.replaceChildren(...panelsFor(record, value));
    })), perT);
  perT.append(...panelsFor(record, T));
}

function panelsFor(record, T) {
  const found = detailsOf(record), key = String(T);
  const titled = (title, note, drawing, name) => h('figure', { class: name || '' },
    h('figcaption', {}, title, h('span', {}, note)), drawing || h('p', { class: 'absent' }, `not stored for T = ${T}`));
  return [
    titled('Kappa at every T', 'blue: 95 % interval; grey: null', kappaPlot(record, T)),
    titled(`Probe of n mod ${T}`, 'kappa × 100 under each control', probeFacts(record, T)),
    titled('Confusion', 'rows true, columns predicted; % of the row', confusionPlot(found.confusion?.[key], found.residues?.[key], T)),
    titled('Recall by last digit', `dashed: chance, 1/${T}`, recallPlot(found.recall?.[key], T)),
    titled(`Circle of period ${T}`, 'each dot a number, the farthest 1 % at the edge; digits: class means', circlePlot(found.circle?.[key], T)),
    titled('Fisher discriminant', 'largest eigenvalue beside its noise', fisher(record, T)),
  ];
}

function frame(width, height, title) {
  return svg('svg', { viewBox: `0 0 ${width} ${height}`, class: 'plot', role: 'img', 'aria-label': title });
}

const text = (x, y, words, name, anchor = 'middle') => svg('text', { x, y, class: name, 'text-anchor': anchor }, words);

function spectrumLine(record) {
  const points = spectrum(record);
  if (!points) return h('p', { class: 'absent' }, 'no spectrum is stored');
  const phone = innerWidth < 640;
  const W = phone ? 420 : 900, H = phone ? 230 : 240, L = 36, R = 14, Top = 26, B = 36;
  const plotted = [...points.magnitude].filter((_, i) => points.f[i] >= 0.03);
  const top = Math.max(3, 1.08 * Math.max(...plotted));
  const x = f => L + (W - L - R) * f / 0.5, y = v => H - B - (H - B - Top) * Math.min(v, top) / top;
  const node = frame(W, H, `Spectrum of ${fullLabel(record)}`);
  for (const v of ticks(0, top, 4)) {
    node.append(svg('line', { x1: L, x2: W - R, y1: y(v), y2: y(v), class: v === 1 ? 'base' : 'rule' }), text(L - 6, y(v) + 4, String(v), 'tick', 'end'));
  }
  node.append(svg('line', { x1: L, x2: W - R, y1: y(1), y2: y(1), class: 'base' }));
  for (const [T, f] of [[10, 0.1], [5, 0.2], [2, 0.5]]) {
    const p = measure(record, 'spike_p', T);
    node.append(svg('line', { x1: x(f), x2: x(f), y1: Top - 4, y2: H - B, class: isNumber(p) && p < 0.05 ? 'mark found' : 'mark' }),
      text(x(f), Top - 10, `T = ${T}`, 'mark-label', T === 2 ? 'end' : 'middle'));
  }
  for (const [name, f] of PERIODS) node.append(text(x(f), H - B + 16, name, 'tick', f === 0.5 ? 'end' : 'middle'));
  node.append(text((L + W - R) / 2, H - 4, 'period', 'axis'));
  const line = [...points.magnitude].map((v, i) => `${x(points.f[i]).toFixed(1)},${y(v).toFixed(1)}`).join(' ');
  const clipped = points.magnitude.some(v => v > top);
  node.append(svg('polyline', { points: line, class: 'line' }),
    clipped && text(x(0.012), Top + 4, '↑ slow trend, cut off', 'tick', 'start'));
  node.addEventListener('pointerleave', hideTip);
  node.addEventListener('pointermove', event => {
    const box = node.getBoundingClientRect();
    const at = nearest(record, 0.5 * ((event.clientX - box.left) / box.width * W - L) / (W - L - R));
    if (at) showTip(event, [`Period ${periodName(at.f)}`, `${fixed(at.magnitude, 2)} × median, frequency ${significant(at.f)}`]);
    else hideTip();
  });
  return node;
}

function kappaPlot(record, chosen) {
  const W = 380, H = 250, L = 38, R = 10, Top = 12, B = 34;
  const [low, high] = KAPPA_RANGE;
  const x = i => L + (W - L - R) * (i + 0.5) / moduli.length;
  const y = v => H - B - (H - B - Top) * (Math.min(high, Math.max(low, v)) - low) / (high - low);
  const node = frame(W, H, `Kappa by T: ${moduli.map(T => `${T}: ${fixed(measure(record, 'kappa', T), 1)}`).join(', ')}`);
  for (const v of ticks(low, high, 5)) {
    node.append(svg('line', { x1: L, x2: W - R, y1: y(v), y2: y(v), class: v === 0 ? 'base' : 'rule' }), text(L - 6, y(v) + 4, fixed(v), 'tick', 'end'));
  }
  moduli.forEach((T, i) => {
    const kappa = measure(record, 'kappa', T), a = measure(record, 'low', T), b = measure(record, 'high', T);
    const p95 = measure(record, 'null_p95', T), mean = measure(record, 'null_mean', T) ?? 0;
    const half = (W - L - R) / moduli.length / 2;
    const group = svg('g', { class: T === chosen ? 'chosen' : '' },
      T === chosen && svg('rect', { x: x(i) - half, y: Top, width: 2 * half, height: H - B - Top, class: 'column' }),
      isNumber(p95) && svg('rect', { x: x(i) - 9, width: 18, y: y(Math.max(mean, p95)), height: Math.abs(y(mean) - y(p95)), class: 'null-band' }),
      isNumber(a) && svg('line', { x1: x(i), x2: x(i), y1: y(a), y2: y(b), class: 'interval' }),
      isNumber(kappa) && svg('circle', { cx: x(i), cy: y(kappa), r: 4, class: isNumber(a) ? 'dot' : 'dot hollow' }),
      text(x(i), H - B + 16, T, T === chosen ? 'tick chosen-tick' : 'tick'));
    withTip(group, () => kappaWords(record, T));
    node.append(group);
  });
  node.append(text((L + W - R) / 2, H - 3, 'T', 'axis'));
  return node;
}

function facts(pairs) {
  return h('dl', { class: 'facts' }, pairs.filter(Boolean).map(([name, value, note]) =>
    h('div', {}, h('dt', {}, name), h('dd', {}, value, note && h('small', {}, note)))));
}

function probeFacts(record, T) {
  const get = name => measure(record, name, T);
  const q = overview.spike_q.of[record.key]?.[moduli.indexOf(T)];
  return facts([
    get('verdict') && ['Verdict', get('spectral') ? `spectral, ${get('verdict')}` : get('verdict')],
    ['Kappa', fixed(get('kappa'), 1)],
    ['95 % interval', isNumber(get('low')) ? between(get('low'), get('high')) : 'none', isNumber(get('low')) ? '' : reasonAt(record, T)],
    isNumber(get('repeat_sd')) && ['Spread over repeats', fixed(get('repeat_sd'), 1), 'not an interval'],
    isNumber(get('kappa_minus_ceiling')) && ['Less what roundness can give', fixed(get('kappa_minus_ceiling'), 1)],
    ...controlsOf(record, T).map(({ name, value, note }) => [name[0].toUpperCase() + name.slice(1), value, note]),
    ['Null: mean, 95th percentile', `${fixed(get('null_mean'), 1)}, ${fixed(get('null_p95'), 1)}`],
    ['Permutation p', probability(get('null_p'))],
    isNumber(get('magnitude')) && [`Spike at period ${T}`, `${fixed(get('magnitude'), 2)} × median`,
      [`p ${probability(get('spike_p'))}`, isNumber(q) && `q ${probability(q)} over the ${overview.spike_q.family}`].filter(Boolean).join(', ')],
  ]);
}

const CONTRASTS = {
  round_or_not: 'multiples of 5 or not', '0_or_5': '0 or 5', parity: 'parity', parity_of_the_others: 'parity of the others', the_rest: 'the rest',
};

function phiFacts(record, T) {
  const get = name => measure(record, `phi_${name}`, T);
  const range = name => isNumber(get(`${name}_low`)) ? between(get(`${name}_low`), get(`${name}_high`), 2) : '';
  if (!isNumber(get('corrected'))) return [];
  const parts = Object.entries(CONTRASTS).filter(([name]) => isNumber(get(name)));
  return [['Φ, corrected', fixed(get('corrected'), 2), range('corrected')],
    ...(parts.length > 1 ? parts.map(([name, words]) => [`Φ: ${words}`, fixed(get(name), 2), range(name)]) : [])];
}

function confusionPlot(matrix, residues, T) {
  if (!matrix) return null;
  const n = matrix.length, size = 260 / n, L = 26, Top = 22, W = L + size * n + 4, H = Top + size * n + 4;
  const node = frame(W, H, `Confusion matrix of n mod ${T}`);
  node.classList.add('square');
  matrix.forEach((row, i) => {
    const total = row.reduce((a, b) => a + b, 0) || 1;
    node.append(text(L - 7, Top + size * (i + 0.5) + 4, residues[i], 'tick', 'end'), text(L + size * (i + 0.5), Top - 7, residues[i], 'tick'));
    row.forEach((count, j) => {
      const share = count / total;
      const square = svg('g', { class: share > 0.55 ? 'share strong' : 'share' },
        svg('rect', { x: L + size * j + 0.5, y: Top + size * i + 0.5, width: size - 1, height: size - 1, rx: 2, style: null, class: i === j ? 'diagonal' : '' }),
        text(L + size * (j + 0.5), Top + size * (i + 0.5) + 3.5, Math.round(100 * share), 'share-label'));
      square.style.setProperty('--share', `${(100 * share ** 0.7).toFixed(1)}%`);
      node.append(withTip(square, () => [`True ${residues[i]}, predicted ${residues[j]}`, `${fixed(100 * share, 1)} % of ${grouped(total)}`]));
    });
  });
  return node;
}

function recallPlot(recall, T) {
  if (!recall) return null;
  const W = 380, H = 250, L = 38, R = 10, Top = 12, B = 34, width = (W - L - R) / 10;
  const y = v => H - B - (H - B - Top) * v;
  const node = frame(W, H, `Recall by last digit: ${recall.map((v, i) => `${i}: ${percent(v)}`).join(', ')}`);
  for (const v of [0, 0.25, 0.5, 0.75, 1]) {
    node.append(svg('line', { x1: L, x2: W - R, y1: y(v), y2: y(v), class: v ? 'rule' : 'base' }), text(L - 6, y(v) + 4, 100 * v, 'tick', 'end'));
  }
  recall.forEach((v, digit) => node.append(withTip(svg('g', {},
    isNumber(v) && svg('rect', { x: L + width * digit + 4, width: width - 8, y: y(v), height: y(0) - y(v), rx: 2, class: 'bar' }),
    text(L + width * (digit + 0.5), H - B + 16, digit, 'tick')), () => [`Last digit ${digit}`, `recall ${percent(v)}`])));
  node.append(svg('line', { x1: L, x2: W - R, y1: y(1 / T), y2: y(1 / T), class: 'chance' }), text((L + W - R) / 2, H - 3, 'last digit; recall in %', 'axis'));
  return node;
}

function circlePlot(circle, T) {
  if (!circle) return null;
  const numbers = expand(circle.numbers), xs = unpack(circle.x, Int8Array), ys = unpack(circle.y, Int8Array);
  const size = 290, mid = size / 2, reach = mid - 14;
  const node = frame(size, size, `The ${numbers.length} numbers on the plane of period ${T}, coloured by n mod ${T}`);
  node.classList.add('square');
  node.append(svg('line', { x1: mid, x2: mid, y1: 8, y2: size - 8, class: 'rule' }), svg('line', { x1: 8, x2: size - 8, y1: mid, y2: mid, class: 'rule' }));
  const sums = Array.from({ length: T }, () => [0, 0, 0]);
  numbers.forEach((n, i) => {
    const r = n % T, x = mid + reach * xs[i] / 127, y = mid - reach * ys[i] / 127;
    sums[r][0] += x; sums[r][1] += y; sums[r][2] += 1;
    node.append(svg('circle', { cx: x.toFixed(1), cy: y.toFixed(1), r: 2.4, fill: residueColour(r, T), class: 'point', 'data-n': n }));
  });
  sums.forEach(([x, y, count], r) => count && node.append(
    svg('circle', { cx: x / count, cy: y / count, r: 8.5, fill: residueColour(r, T), class: 'mean' }), text(x / count, y / count + 4, r, 'mean-label')));
  node.addEventListener('pointermove', event => {
    const n = event.target.dataset?.n;
    if (n) showTip(event, [n, `mod ${T}: ${n % T}`]); else hideTip();
  });
  node.addEventListener('pointerleave', hideTip);
  return node;
}

function fisher(record, T) {
  const get = name => measure(record, name, T), value = get('lambda_max'), noise = get('lambda_max_noise');
  if (!isNumber(value)) return null;
  const top = 1.1 * Math.max(value, noise || 0) || 1, W = 380, L = 62, reach = W - L - 60;
  const bar = (y, v, name, words) => [text(L - 8, y + 14, words, 'tick', 'end'),
    svg('rect', { x: L, y, width: Math.max(1, reach * (v || 0) / top), height: 18, rx: 2, class: name }),
    text(L + reach * (v || 0) / top + 6, y + 14, significant(v), 'tick', 'start')];
  const node = frame(W, 64, `Largest Fisher eigenvalue ${significant(value)}, noise ${significant(noise)}`);
  node.append(...bar(6, value, 'bar', 'data'), ...(isNumber(noise) ? bar(36, noise, 'bar noise', 'noise') : []));
  return h('div', {}, node, facts([
    ['λ max', significant(value), isNumber(noise) && noise > 0 ? `${significant(value / noise, 2)} × its noise level` : ''],
    ['Φ', significant(get('phi')), `power at period ${T} and its harmonics`], ...phiFacts(record, T), ['Condition of S_W', significant(get('cond'))],
  ]));
}

function identityList(record) {
  const pairs = overview.identity.filter(name => record[name] !== undefined).map(name => [FIELD[name] || name, plain(record[name])]);
  const missing = expand(detailsOf(record).missing || []);
  const shown = missing.slice(0, 40).join(', ');
  return h('section', { class: 'detail-foot' }, facts([...pairs,
    isNumber(record.n_numbers) && ['Numbers present', grouped(record.n_numbers), isNumber(record.coverage) ? percent(record.coverage) : ''],
    missing.length > 0 && ['Numbers missing', grouped(missing.length), missing.length > 40 ? `${shown}, …` : shown],
    isNumber(record.n_pairs) && ['Pairs counted', grouped(record.n_pairs)], isNumber(record.seconds) && ['Time', seconds(record.seconds)],
    ['Record', h('code', {}, record.key)],
  ]), Object.hasOwn(overview.masks, record.condition) && h('details', {}, h('summary', {}, `Words of the file: ${overview.masks[record.condition].first}`),
    h('p', {}, overview.masks[record.condition].all)));
}
