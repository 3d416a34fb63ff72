// The data of the page and what follows from it alone.

const overview = JSON.parse(byId('data-overview').textContent);
const { moduli, cells, varying } = overview;
const done = cells.filter(cell => cell.status === 'done');
const cellById = new Map(cells.map(cell => [cell.id, cell]));

const FIELD = {
  corpus: 'Corpus', numerals: 'Numerals', ordinals: 'Ordinals', condition: 'Condition', perturbation: 'Perturbation',
  window: 'Window', side: 'Side', positional: 'Positional', window_weighting: 'Weight by distance', signal: 'Signal', model: 'Model', weighting: 'Weighting', dim: 'Dimensions',
  seed: 'Seed', control_for: 'Control for', verdict: 'Verdict',
};
const VERDICTS = {
  both: 'spike, and kappa at least 50 at T = 2 and 10',
  partial: 'spike, and geometric at T = 2, 5 or 10',
  spectral: 'spike only',
  neither: 'no spike',
};

const measure = (cell, name, T) => cell.T[name] ? cell.T[name][moduli.indexOf(T)] : null;
const reasonAt = (cell, T) => cell.interval_reason[moduli.indexOf(T)];
const plain = value => value === true ? 'yes' : value === false ? 'no' : value === null || value === undefined ? DASH : value === '' ? 'none' : String(value);

// What sets a cell apart, less what its label says already.
const told = (cell, name) => {
  const parts = cell.system.split(' · ');
  if (['window', 'side', 'positional', 'window_weighting'].includes(name)) return parts.some(part => /^[±+\u2212]\d/.test(part));
  if (name === 'ordinals') return parts.some(part => part.startsWith('ordinals '));
  return parts.includes(String(cell[name]));
};
const sublabel = cell => varying
  .filter(name => cell[name] !== undefined && cell[name] !== '' && !told(cell, name))
  .map(name => ['numerals', 'corpus', 'condition', 'signal', 'model', 'weighting'].includes(name)
    ? plain(cell[name]) : `${FIELD[name].toLowerCase()} ${plain(cell[name])}`)
  .join(' · ');
const fullLabel = cell => [cell.system, sublabel(cell)].filter(Boolean).join(' · ');

const kappaTop = Math.max(40, ...done.flatMap(cell => (cell.T.kappa || []).filter(isNumber)));
const KAPPA_SCALE = Math.min(100, 20 * Math.ceil(kappaTop / 20));
const spans = done.flatMap(cell => ['kappa', 'low', 'high', 'null_p95', 'null_mean']
  .flatMap(name => (cell.T[name] || []).filter(isNumber)));
const KAPPA_RANGE = [Math.max(-60, Math.min(0, ...spans)) - 2, Math.min(100, Math.max(20, ...spans)) + 2];
const along = value => {
  const share = (value - KAPPA_RANGE[0]) / (KAPPA_RANGE[1] - KAPPA_RANGE[0]);
  return `${(100 * Math.min(1, Math.max(0, share))).toFixed(2)}%`;
};

function spectrum(cell) {
  if (!cell.spectrum) return null;
  if (!cell.points) {
    const { values, scale, first, step, frequency } = cell.spectrum;
    const magnitude = Float64Array.from(unpack(values, Uint16Array), value => value * scale);
    const f = frequency || Array.from(magnitude, (_, i) => first + step * i);
    cell.points = { f, magnitude };
  }
  return cell.points;
}

let details = null;
function detailsOf(cell) {
  details = details || JSON.parse(byId('data-details').textContent);
  return details[cell.id] || {};
}

const expand = runs => runs.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i));

function rowsOf(columns) {
  const names = Object.keys(columns);
  const count = names.length ? columns[names[0]].length : 0;
  return Array.from({ length: count }, (_, i) => Object.fromEntries(names.map(name => [name, columns[name][i]])));
}

function tidy(chosen, chosenModuli) {
  const rows = [];
  for (const cell of chosen) {
    const identity = { cell: cell.id, system: cell.system };
    for (const name of overview.identity) if (cell[name] !== undefined) identity[name] = cell[name];
    const shared = {
      n_numbers: cell.n_numbers, coverage: cell.coverage, verdict: cell.verdict, flags: cell.flags,
      reasons: cell.reasons, n_pairs: cell.n_pairs, seconds: cell.seconds, status: cell.status, error: cell.error,
    };
    const own = cell.status === 'done' ? chosenModuli : [null];
    for (const T of own) {
      const measures = Object.fromEntries(overview.measures.map(name => [name, T === null ? null : measure(cell, name, T)]));
      rows.push({ ...identity, T, ...measures, interval_reason: T === null ? '' : reasonAt(cell, T), ...shared });
    }
  }
  return rows;
}

function kappaWords(cell, T) {
  const kappa = measure(cell, 'kappa', T);
  if (!isNumber(kappa)) return [`Mod ${T}: not measured`];
  const low = measure(cell, 'low', T);
  const p = measure(cell, 'null_p', T);
  const nullMean = measure(cell, 'null_mean', T), p95 = measure(cell, 'null_p95', T);
  const others = [
    ['kappa_groups', 'folds of 50 consecutive numbers'], ['kappa_excluding_multiples_of_5', 'without multiples of 5'],
    ['kappa_within_parity', 'within one parity'], ['kappa_without_frequency', 'frequency regressed out'],
  ].filter(([name]) => isNumber(measure(cell, name, T))).map(([name, words]) => `${fixed(measure(cell, name, T), 1)} ${words}`);
  return [
    `Mod ${T}: kappa ${fixed(kappa, 1)}`,
    isNumber(low) ? `95 % interval ${between(low, measure(cell, 'high', T))}` : `no interval: ${reasonAt(cell, T) || 'not computed'}`,
    isNumber(p95) ? `null: mean ${fixed(nullMean, 1)}, 95th percentile ${fixed(p95, 1)}, p ${probability(p)}` : 'no null was drawn',
    ...others,
  ];
}
