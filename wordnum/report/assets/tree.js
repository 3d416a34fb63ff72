// The tree of verdicts: which system lands where, a tree for each T.

const GEOMETRY = { geometric: 'geometric', 'by roundness': 'by roundness', undecided: 'undecided', neither: 'not read' };
const SEVERAL = 6;

function makeTree() {
  if (!done.some(record => (record.measures.verdict || []).some(Boolean))) return;
  byId('tree').hidden = false;
  const q = Object.values(overview.spike_q.of).flat().filter(isNumber);
  const p = done.flatMap(record => record.measures.spike_p || []).filter(isNumber);
  const significant = values => values.filter(value => value < 0.05).length;
  byId('tree-spikes').textContent = q.length
    ? ` Of ${p.length} spikes, ${significant(p)} have p < 5 % within their system; ${significant(q)} have q < 5 % over the ${overview.spike_q.family}.` : '';
}

function redrawTree() {
  const asked = shownModuli().filter(T => [2, 5, 10].includes(T));
  byId('tree-body').replaceChildren(...(asked.length ? asked : shownModuli().slice(0, 3)).map(T => {
    const members = visible.filter(record => measure(record, 'verdict', T));
    const branch = [[true, 'spike'], [false, 'no spike']].map(([spectral, name]) => {
      const here = members.filter(record => Boolean(measure(record, 'spectral', T)) === spectral);
      return here.length ? h('li', {}, h('span', { class: 'branch' }, name, h('span', { class: 'count' }, ` ${here.length}`)),
        h('ul', {}, Object.entries(GEOMETRY).map(([verdict, words]) => leaf(words, here.filter(record => measure(record, 'verdict', T) === verdict), T)).filter(Boolean))) : null;
    });
    return h('figure', { class: 'tree' }, h('figcaption', { 'data-period': T }, `n mod ${T}`),
      members.length ? h('ul', {}, branch.filter(Boolean)) : h('p', { class: 'absent' }, 'No verdict.'));
  }));
}

function leaf(words, members, T) {
  if (!members.length) return null;
  const names = h('ul', { class: 'names' }, members.map(record => h('li', {},
    h('button', { type: 'button', class: 'link', onclick: () => openDetail(record, T) }, fullLabel(record)), h('small', {}, record.unread[T]))));
  const head = [words, h('span', { class: 'count' }, ` ${members.length}`)];
  return h('li', {}, members.length > SEVERAL ? h('details', {}, h('summary', {}, head), names) : [h('span', { class: 'branch' }, head), names]);
}
