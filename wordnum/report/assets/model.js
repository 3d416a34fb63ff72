// The data of the page and what follows from it alone.

const overview = JSON.parse(byId('data-overview').textContent);
const { moduli, records, varying } = overview;
const done = records.filter(record => record.status === 'done');
const recordByKey = new Map(records.map(record => [record.key, record]));

const FIELD = {
  corpus: 'Corpus', numerals: 'Numerals', ordinals: 'Ordinals', condition: 'Condition', perturbation: 'Perturbation',
  window: 'Window', side: 'Side', positional: 'Positional', window_weighting: 'Weight by distance', signal: 'Signal', model: 'Model', weighting: 'Weighting', dim: 'Dimensions',
  seed: 'Seed', control_for: 'Control for', paper_label: 'Label of the paper',
};
// The labels of the paper; verdicts are by T, and have other words.
const LABELS = {
  both: 'a spike, and kappa of at least 50 at T = 2 and 10',
  partial: 'a spike, and kappa of at least 15 at T = 2, 5 or 10',
  spectral: 'a spike, and no such kappa',
  neither: 'no spike at period 10 or 5',
};

const measure = (record, name, T) => record.measures[name] ? record.measures[name][moduli.indexOf(T)] : null;
const reasonAt = (record, T) => measure(record, 'interval_reason', T);
const plain = value => value === true ? 'yes' : value === false ? 'no' : value === null || value === undefined ? DASH : value === '' ? 'none' : String(value);

// What sets a record apart, less what its label says already.
const told = (record, name) => {
  const parts = record.system.split(' · ');
  if (['window', 'side', 'positional', 'window_weighting'].includes(name)) return parts.some(part => /^[±+\u2212]\d/.test(part));
  if (name === 'ordinals') return parts.some(part => part.startsWith('ordinals '));
  return parts.includes(name === 'seed' ? `seed ${record.seed}` : String(record[name]));
};
const sublabel = record => varying
  .filter(name => record[name] !== undefined && record[name] !== '' && !told(record, name))
  .map(name => ['numerals', 'corpus', 'condition', 'signal', 'model', 'weighting'].includes(name)
    ? plain(record[name]) : `${FIELD[name].toLowerCase()} ${plain(record[name])}`)
  .join(' · ');
const maskOf = ({ condition }) => Object.hasOwn(overview.masks, condition)
  && h('span', { class: 'system-sub mask', title: overview.masks[condition].all }, `words of the file: ${overview.masks[condition].first}`);
const fullLabel = record => [record.system, sublabel(record)].filter(Boolean).join(' · ');

const kappaTop = Math.max(40, ...done.flatMap(record => (record.measures.kappa || []).filter(isNumber)));
const KAPPA_SCALE = Math.min(100, 20 * Math.ceil(kappaTop / 20));
const spans = done.flatMap(record => ['kappa', 'low', 'high', 'null_p95', 'null_mean']
  .flatMap(name => (record.measures[name] || []).filter(isNumber)));
const KAPPA_RANGE = [Math.max(-60, Math.min(0, ...spans)) - 2, Math.min(100, Math.max(20, ...spans)) + 2];
const along = value => {
  const share = (value - KAPPA_RANGE[0]) / (KAPPA_RANGE[1] - KAPPA_RANGE[0]);
  return `${(100 * Math.min(1, Math.max(0, share))).toFixed(2)}%`;
};

function spectrum(record) {
  if (!record.spectrum) return null;
  if (!record.points) {
    const { values, scale, first, step } = record.spectrum;
    const magnitude = Float64Array.from(unpack(values, Uint16Array), value => value * scale);
    const f = Array.from(magnitude, (_, i) => first + step * i);
    record.points = { f, magnitude };
  }
  return record.points;
}

let details = null;
function detailsOf(record) {
  details = details || JSON.parse(byId('data-details').textContent);
  return details[record.key] || {};
}

const expand = runs => runs.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i));

function rowsOf(columns) {
  const names = Object.keys(columns);
  const count = names.length ? columns[names[0]].length : 0;
  return Array.from({ length: count }, (_, i) => Object.fromEntries(names.map(name => [name, columns[name][i]])));
}

function tidy(chosen, chosenModuli) {
  const rows = [];
  for (const record of chosen) {
    const identity = { key: record.key, system: record.system };
    for (const name of overview.identity) if (record[name] !== undefined) identity[name] = record[name];
    const shared = {
      n_numbers: record.n_numbers, coverage: record.coverage, paper_label: record.paper_label, flags: record.flags,
      reasons: record.reasons, n_pairs: record.n_pairs, seconds: record.seconds, status: record.status, error: record.error,
    };
    const own = record.status === 'done' ? chosenModuli : [null];
    for (const T of own) {
      const measures = Object.fromEntries(overview.measures.map(name => [name, T === null ? null : measure(record, name, T)]));
      rows.push({ ...identity, T, ...measures, ...shared });
    }
  }
  return rows;
}

// The controls of a probe: "3.1 (-0.2 to 6.4)", and beside it what chance and fewer numbers give.
function controlsOf(record, T) {
  return overview.controls.map(([name, column]) => {
    const get = what => measure(record, column + what, T);
    if (!isNumber(get(''))) return null;
    const value = `${fixed(get(''), 1)}${isNumber(get('_low')) ? ` (${between(get('_low'), get('_high'))})` : ''}`;
    const notes = [isNumber(get('_p')) && `p ${probability(get('_p'))}`, isNumber(get('_random_mean')) && `random selections ${fixed(get('_random_mean'), 1)}`];
    return { name, value, note: notes.filter(Boolean).join(', ') };
  }).filter(Boolean);
}

function kappaWords(record, T) {
  const kappa = measure(record, 'kappa', T);
  if (!isNumber(kappa)) return [`Mod ${T}: not measured`];
  const low = measure(record, 'low', T);
  const p = measure(record, 'null_p', T);
  const nullMean = measure(record, 'null_mean', T), p95 = measure(record, 'null_p95', T);
  const others = controlsOf(record, T).map(({ name, value }) => `${value} ${name}`);
  return [
    `Mod ${T}: kappa ${fixed(kappa, 1)}`,
    isNumber(low) ? `95 % interval ${between(low, measure(record, 'high', T))}` : `no interval: ${reasonAt(record, T) || 'not computed'}`,
    isNumber(p95) ? `null: mean ${fixed(nullMean, 1)}, 95th percentile ${fixed(p95, 1)}, p ${probability(p)}` : 'no null was drawn',
    ...others,
  ];
}
